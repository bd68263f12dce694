import {
  type ActorContext,
  type ActorRef,
  type Next,
  type Props,
  props,
  receive,
  type Signal,
  setup,
  stopped,
} from '@drover/actor-core';
import type { TaskEvent } from '../agents-client.ts';
import type { AgentsConfig } from '../config.ts';
import { failed, type RunOutcome } from '../protocol/run-outcome.ts';
import { type TaskMessage, type TaskReply, taskReplySchema } from '../protocol/task-message.ts';
import { AnswerText } from './answer-text.ts';

/**
 * How one attempt at a task ended. `settled`: as the agent said · `lost`: the agent had it and is gone · `moved`:
 * the agent never said that it had it, so it may be asked again elsewhere.
 */
export type TaskAttemptEnd =
  | { readonly type: 'settled'; readonly outcome: RunOutcome }
  | { readonly type: 'lost'; readonly message: string }
  | { readonly type: 'moved' };

export interface TaskAttemptSpec {
  readonly runId: string;
  readonly input: string;
  readonly timeoutMs: number;
  readonly agent: ActorRef<TaskMessage>;
  readonly config: AgentsConfig;
  readonly signal: AbortSignal | undefined;
  onEvent(event: TaskEvent): void;
  /** Exactly once. */
  onEnd(end: TaskAttemptEnd): void;
}

type Message =
  | TaskReply
  | { readonly kind: 'look' }
  | { readonly kind: 'cancelled' }
  | { readonly kind: 'overdue' }
  | { readonly kind: 'ended-unsaid'; readonly message: string };

/** How long the word of an agent's end waits for the agent's last words, which travel on another lane. */
const lastWordsMs = 250;

/** The recipe of the asker's side of one task: asks, repairs, watches, and always ends. */
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

class TaskAttempt {
  readonly #spec: TaskAttemptSpec;
  readonly #context: ActorContext<Message>;
  readonly #text = new AnswerText();
  readonly #onAbort: () => void;
  /** This life of the agent, once it has said that it has the task. */
  #holder: ActorRef<TaskMessage> | undefined;
  #started = false;
  #repairing = false;
  #ended = false;
  #heardAtMs: number;

  constructor(spec: TaskAttemptSpec, context: ActorContext<Message>) {
    this.#spec = spec;
    this.#context = context;
    this.#heardAtMs = context.clock.now();
    const { self } = context;
    this.#onAbort = () => self.tell({ kind: 'cancelled' }, { lane: 'control' });
    spec.signal?.addEventListener('abort', this.#onAbort, { once: true });
    context.setInterval('look', spec.config.probeMs, { kind: 'look' });
    context.setTimer('overdue', spec.timeoutMs + 2 * spec.config.probeMs, { kind: 'overdue' });
    if (spec.signal?.aborted) this.#onAbort();
    else {
      // The path of this one life: when that is gone its node says so at once.
      context.watch(spec.agent);
      this.#askForTask();
    }
  }

  /** Stops this actor when the task has ended: no supervisor does so, and its timers would continue. */
  handle(message: Message): Next<Message> {
    this.#handleMessage(message);
    return this.#ended ? stopped : undefined;
  }

  #handleMessage(message: Message): void {
    if (this.#ended) return;
    switch (message.kind) {
      case 'look':
        return this.#look();
      case 'cancelled':
        return this.#giveUp(failed('cancelled', 'the asker cancelled the task'));
      case 'overdue':
        return this.#giveUp(failed('deadline', `the task did not end within ${this.#spec.timeoutMs} ms`));
      case 'ended-unsaid':
        return this.#end({ type: 'lost', message: message.message });
      default:
        if (message.runId === this.#spec.runId) this.#hear(message);
    }
  }

  handleSignal(signal: Signal): Next<Message> {
    if (signal.type === 'terminated') {
      this.#handleEndOfAgent(signal.ref, signal.reason);
      return this.#ended ? stopped : undefined;
    }
    this.#spec.signal?.removeEventListener('abort', this.#onAbort);
    // Whatever ended this attempt, its asker hears of it.
    this.#end({ type: 'lost', message: 'the attempt of the task ended on this node' });
    return undefined;
  }

  #hear(reply: TaskReply): void {
    this.#heardAtMs = this.#context.clock.now();
    switch (reply.kind) {
      case 'accepted':
        this.#holder ??= reply.agent;
        if (reply.position === 0) this.#start();
        return;
      case 'text':
        return this.#hearText(reply.offset, reply.text);
      case 'settled':
        return this.#hearEnd(reply.outcome);
      case 'unknown-run':
        if (!this.#holder) return this.#askForTask();
        return this.#end({
          type: 'lost',
          message: 'the agent was restarted with the task in hand; ask again',
        });
    }
  }

  #hearText(offset: number, text: string): void {
    const { fresh, missing } = this.#text.take(offset, text);
    if (missing) {
      if (!this.#repairing) this.#probe();
      this.#repairing = true;
      return;
    }
    this.#repairing = false;
    this.#emit(fresh);
  }

  #hearEnd(outcome: RunOutcome): void {
    if (outcome.status === 'completed') this.#emit(this.#text.complete(outcome.output));
    this.#end({ type: 'settled', outcome });
  }

  #emit(text: string): void {
    this.#start();
    if (text !== '') this.#spec.onEvent({ type: 'token', runId: this.#spec.runId, text });
  }

  #start(): void {
    if (this.#started) return;
    this.#started = true;
    this.#spec.onEvent({ type: 'started', runId: this.#spec.runId, node: this.#spec.agent.address.node });
  }

  #handleEndOfAgent(ref: ActorRef<never>, reason: string): void {
    if (this.#ended) return;
    if (!this.#holder) return this.#end({ type: 'moved' });
    const message = `agent's life on ${ref.address.node} ended (${reason}) with the task in hand; ask again`;
    if (reason === 'node-down') return this.#end({ type: 'lost', message });
    this.#context.setTimer('ended-unsaid', lastWordsMs, { kind: 'ended-unsaid', message });
  }

  /** Sign of life and repair: everything that was lost is asked for again. */
  #look(): void {
    const silentMs = this.#context.clock.now() - this.#heardAtMs;
    if (silentMs >= this.#spec.config.silenceMs) {
      const message = `the agent has been silent for ${Math.round(silentMs)} ms with the task in hand; ask again`;
      return this.#end(this.#holder ? { type: 'lost', message } : { type: 'moved' });
    }
    if (this.#holder) this.#probe();
    else this.#askForTask();
  }

  #askForTask(): void {
    const { runId, input, timeoutMs, agent } = this.#spec;
    agent.tell({ kind: 'task', runId, input, timeoutMs, replyTo: this.#context.self });
  }

  #probe(): void {
    const { runId } = this.#spec;
    this.#holder?.tell({ kind: 'probe', runId, have: this.#text.length, replyTo: this.#context.self });
  }

  #giveUp(outcome: RunOutcome & { readonly status: 'failed' }): void {
    const { runId, agent } = this.#spec;
    (this.#holder ?? agent).tell(
      { kind: 'cancel', runId, reason: outcome.message.slice(0, 200) },
      { lane: 'control' },
    );
    this.#end({ type: 'settled', outcome });
  }

  #end(end: TaskAttemptEnd): void {
    if (this.#ended) return;
    this.#ended = true;
    this.#spec.signal?.removeEventListener('abort', this.#onAbort);
    this.#spec.onEnd(end);
  }
}
