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
import type { TaskEvent } from '../agents-client.ts';
import type { AgentsConfig } from '../config.ts';
import { failed, type RunOutcome } from '../protocol/run-outcome.ts';
import { type TaskMessage, type TaskReply, taskReplySchema } from '../protocol/task-message.ts';
import { AnswerText } from './answer-text.ts';

/**
 * How one attempt at a task ended. `settled`: with the outcome of the agent · `lost`: the agent had accepted the task
 * and is gone · `moved`: the agent never accepted the task, so it may be given to the agent's next incarnation.
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
  /** Called exactly once. */
  onEnd(end: TaskAttemptEnd): void;
}

type Message =
  | TaskReply
  | { readonly kind: 'check' }
  | { readonly kind: 'cancelled' }
  | { readonly kind: 'overdue' }
  | { readonly kind: 'grace-over'; readonly message: string };

/** Grace between the termination notice and the agent's last data messages, which use another lane. */
const terminationGraceMs = 250;

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

class TaskAttempt {
  readonly #spec: TaskAttemptSpec;
  readonly #context: ActorContext<Message>;
  readonly #text = new AnswerText();
  readonly #onAbort: () => void;
  /** The agent's incarnation that has accepted the task. */
  #holder: ActorRef<TaskMessage> | undefined;
  #started = false;
  #repairing = false;
  #ended = false;
  #lastReplyAtMs: number;

  constructor(spec: TaskAttemptSpec, context: ActorContext<Message>) {
    this.#spec = spec;
    this.#context = context;
    this.#lastReplyAtMs = context.clock.now();
    const { self } = context;
    this.#onAbort = () => self.tell({ kind: 'cancelled' }, { lane: 'control' });
    spec.signal?.addEventListener('abort', this.#onAbort, { once: true });
    context.setInterval('check', spec.config.probeMs, { kind: 'check' });
    context.setTimer('overdue', spec.timeoutMs + 2 * spec.config.probeMs, { kind: 'overdue' });
    if (spec.signal?.aborted) this.#onAbort();
    else {
      // The path names one incarnation: if it is gone, its node reports that at once.
      context.watch(spec.agent);
      this.#askForTask();
    }
  }

  /** Stops this actor once the task has ended; nothing else would stop it and its timers. */
  handle(message: Message): Next<Message> {
    this.#handleMessage(message);
    return this.#ended ? stopped : undefined;
  }

  #handleMessage(message: Message): void {
    if (this.#ended) return;
    switch (message.kind) {
      case 'check':
        return this.#check();
      case 'cancelled':
        return this.#giveUp(failed('cancelled', 'the asker cancelled the task'));
      case 'overdue':
        return this.#giveUp(failed('deadline', `the task did not end within ${this.#spec.timeoutMs} ms`));
      case 'grace-over':
        return this.#end({ type: 'lost', message: message.message });
      default:
        if (message.runId === this.#spec.runId) this.#handleReply(message);
    }
  }

  handleSignal(signal: Signal): Next<Message> {
    if (signal.type === 'terminated') {
      this.#handleEndOfAgent(signal.ref, signal.reason);
      return this.#ended ? stopped : undefined;
    }
    this.#spec.signal?.removeEventListener('abort', this.#onAbort);
    // The asker must receive an end even if this actor is stopped from outside.
    this.#end({ type: 'lost', message: 'the asking node stopped the task' });
    return undefined;
  }

  #handleReply(reply: TaskReply): void {
    this.#lastReplyAtMs = this.#context.clock.now();
    switch (reply.kind) {
      case 'accepted':
        this.#holder ??= reply.agent;
        if (reply.position === 0) this.#start();
        return;
      case 'text':
        return this.#takeText(reply.offset, reply.text);
      case 'settled':
        return this.#settle(reply.outcome);
      case 'unknown-run':
        if (!this.#holder) return this.#askForTask();
        return this.#end({
          type: 'lost',
          message: 'the agent was restarted while it ran the task; ask again',
        });
    }
  }

  #takeText(offset: number, text: string): void {
    const { fresh, missing } = this.#text.take(offset, text);
    if (missing) {
      if (!this.#repairing) this.#probe();
      this.#repairing = true;
      return;
    }
    this.#repairing = false;
    this.#emit(fresh);
  }

  #settle(outcome: RunOutcome): void {
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
    const message = `the agent ended on ${ref.address.node} (${reason}) while it ran the task; ask again`;
    if (reason === 'node-down') return this.#end({ type: 'lost', message });
    this.#context.setTimer('grace-over', terminationGraceMs, { kind: 'grace-over', message });
  }

  /** Shows the agent that this asker is alive, asks again for lost messages, and detects a silent agent. */
  #check(): void {
    const silentMs = this.#context.clock.now() - this.#lastReplyAtMs;
    if (silentMs >= this.#spec.config.silenceMs) {
      const message = `the agent has been silent for ${Math.round(silentMs)} ms while it ran the task; ask again`;
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
