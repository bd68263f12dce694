import {
  type ActorContext,
  type ActorRef,
  type Next,
  type Props,
  props,
  receive,
  setup,
  type Signal,
  stopped,
} from '@drover/actor-core';
import type { SignedPrincipal } from '@drover/fleet';
import type { TaskEvent } from '../agents-client.ts';
import type { AgentsConfig } from '../config.ts';
import { type TaskMessage, type TaskReply, taskReplySchema } from '../protocol/task-message.ts';
import {
  type AttemptEffect,
  type AttemptEvent,
  type AttemptState,
  decideAttempt,
  newAttempt,
  type TaskAttemptEnd,
} from './decide-attempt.ts';

export interface TaskAttemptSpec {
  readonly runId: string;
  readonly input: string;
  readonly timeoutMs: number;
  readonly principal?: SignedPrincipal | undefined;
  readonly agent: ActorRef<TaskMessage>;
  readonly config: AgentsConfig;
  readonly signal: AbortSignal | undefined;
  onEvent(event: TaskEvent): void;
  /** Called exactly once. */
  onEnd(end: TaskAttemptEnd): void;
}

/** Replies of the agent, and messages of this actor to itself. */
type Message =
  | TaskReply
  | { readonly kind: 'check' }
  | { readonly kind: 'cancelled' }
  | { readonly kind: 'overdue' }
  | { readonly kind: 'grace-over'; readonly message: string };

/** Grace between the termination notice and the agent's last data messages, which use another lane. */
const terminationGraceMs = 250;
const maxReasonChars = 200;

/** Props of the asker's end of one task: gives the task to the agent, repairs lost text, and always ends. */
export function taskAttemptProps(spec: TaskAttemptSpec): Props<Message> {
  return props<Message>(
    () =>
      setup((context) => {
        const attempt = new TaskAttempt(spec, context);
        return receive<Message>(
          (message) => attempt.handle(message),
          (signal) => attempt.handleSignal(signal),
        );
      }),
    { protocol: taskReplySchema, restart: 'temporary' },
  );
}

/** Performs the effects that `decideAttempt` decides. */
class TaskAttempt {
  readonly #spec: TaskAttemptSpec;
  readonly #context: ActorContext<Message>;
  readonly #state: AttemptState;
  readonly #onAbort: () => void;

  constructor(spec: TaskAttemptSpec, context: ActorContext<Message>) {
    const { config, timeoutMs } = spec;
    this.#spec = spec;
    this.#context = context;
    this.#state = newAttempt({ timeoutMs, silenceMs: config.silenceMs }, context.clock.now());
    const { self } = context;
    this.#onAbort = () => self.tell({ kind: 'cancelled' }, { lane: 'control' });
    spec.signal?.addEventListener('abort', this.#onAbort, { once: true });
    context.setInterval('check', config.probeMs, { kind: 'check' });
    context.setTimer('overdue', timeoutMs + 2 * config.probeMs, { kind: 'overdue' });
    if (spec.signal?.aborted) this.#onAbort();
    else {
      // The path names one incarnation: if that incarnation has ended, its node reports this at once.
      context.watch(spec.agent);
      this.#perform({ type: 'ask' });
    }
  }

  handle(message: Message): Next<Message> {
    const event = eventOf(message, this.#spec.runId);
    return event === undefined ? undefined : this.#decide(event);
  }

  handleSignal(signal: Signal): Next<Message> {
    if (signal.type === 'terminated')
      return this.#decide({ type: 'agent-terminated', node: signal.ref.address.node, reason: signal.reason });
    this.#spec.signal?.removeEventListener('abort', this.#onAbort);
    this.#decide({ type: 'stopped' });
    return undefined;
  }

  /** Stops this actor and its timers once the task has ended, because no other actor stops it. */
  #decide(event: AttemptEvent): Next<Message> {
    const effects = decideAttempt(this.#state, event, this.#context.clock.now());
    for (const effect of effects) this.#perform(effect);
    return this.#state.ended ? stopped : undefined;
  }

  #perform(effect: AttemptEffect): void {
    const { runId, input, timeoutMs, principal, agent, signal } = this.#spec;
    const { self } = this.#context;
    switch (effect.type) {
      case 'ask':
        return agent.tell({ kind: 'task', runId, input, timeoutMs, principal, replyTo: self });
      case 'probe':
        return effect.to.tell({ kind: 'probe', runId, have: effect.have, replyTo: self });
      case 'cancel': {
        const reason = effect.reason.slice(0, maxReasonChars);
        return (effect.to ?? agent).tell({ kind: 'cancel', runId, reason }, { lane: 'control' });
      }
      case 'report-start':
        return this.#spec.onEvent({ type: 'started', runId, node: agent.address.node });
      case 'report-text':
        return this.#spec.onEvent({ type: 'token', runId, text: effect.text });
      case 'await-grace':
        return this.#context.setTimer('grace-over', terminationGraceMs, {
          kind: 'grace-over',
          message: effect.message,
        });
      case 'end':
        signal?.removeEventListener('abort', this.#onAbort);
        return this.#spec.onEnd(effect.end);
    }
  }
}

/** Undefined for a reply about another run. */
function eventOf(message: Message, runId: string): AttemptEvent | undefined {
  switch (message.kind) {
    case 'check':
    case 'cancelled':
    case 'overdue':
      return { type: message.kind };
    case 'grace-over':
      return { type: 'grace-over', message: message.message };
    default:
      return message.runId === runId ? { type: 'reply', reply: message } : undefined;
  }
}
