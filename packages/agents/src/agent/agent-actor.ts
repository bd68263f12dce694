import {
  type ActorContext,
  type ActorRef,
  type Props,
  props,
  receive,
  type Signal,
  setup,
} from '@drover/actor-core';
import type { FleetClient } from '@drover/fleet';
import type { AgentDefinition } from '../definitions/agent-definition.ts';
import { type AgentsConfig, longestTaskMs } from '../config.ts';
import type { Activation } from '../protocol/manager-message.ts';
import type { ReportedState } from '../protocol/directory-message.ts';
import { failed, type RunOutcome } from '../protocol/run-outcome.ts';
import { type TaskMessage, type TaskReply, taskMessageSchema } from '../protocol/task-message.ts';
import { type AskerSilent, AwayAskers } from './away-askers.ts';
import { offeredModels, resolveModel } from './resolve-model.ts';
import { runChat } from './run-chat.ts';
import { createTaskQueue, decideTask, type Task, type TaskEffect, type TaskEvent } from './task-queue.ts';

/** What an agent hears: askers' messages from anywhere, the rest from its own node alone. */
export type AgentMessage =
  | TaskMessage
  /** A recorded run, from the manager. */
  | { readonly kind: 'given'; readonly runId: string; readonly input: string; readonly timeoutMs: number }
  | { readonly kind: 'finished'; readonly runId: string; readonly outcome: RunOutcome }
  | { readonly kind: 'overdue'; readonly runId: string }
  | AskerSilent
  /** The code that runs a task has a fault: this life of the agent fails. */
  | { readonly kind: 'broken'; readonly error: unknown };

/** What outlives a restart of the actor, shared with its manager. */
export interface AgentLife {
  /** Why it ends, should it: set before the agent is stopped. */
  endCode: 'agent-lost' | 'agent-stopped';
  /** '' until decided. */
  model: string;
}

export interface AgentSpec {
  readonly activation: Activation;
  readonly entry: AgentDefinition;
  readonly fleet: FleetClient;
  readonly config: AgentsConfig;
  readonly life: AgentLife;
  /** Its state, or its model, has changed. */
  onState(state: ReportedState): void;
  onRunEnded(runId: string, outcome: RunOutcome): void;
}

type Asker = ActorRef<TaskReply>;

/** How long the first task waits for the fleet's model lists before names must do. */
const describeTimeoutMs = 2_000;

/** The recipe of one agent: a task at a time, each one model call, answered as it grows. */
export function agentProps(spec: AgentSpec): Props<AgentMessage> {
  return props<AgentMessage>(
    () =>
      setup((context) => {
        const agent = new Agent(spec, context);
        return receive<AgentMessage>(
          (message) => agent.handleMessage(message),
          (signal) => agent.handleSignal(signal),
        );
      }),
    { protocol: taskMessageSchema, restart: 'permanent' },
  );
}

/** The shell around the task queue, for one life of the actor. */
class Agent {
  readonly #spec: AgentSpec;
  readonly #context: ActorContext<AgentMessage>;
  readonly #queue: ReturnType<typeof createTaskQueue<Asker>>;
  readonly #away: AwayAskers<Asker>;
  #call: { readonly runId: string; readonly abort: AbortController } | undefined;
  #reported = '';

  constructor(spec: AgentSpec, context: ActorContext<AgentMessage>) {
    this.#spec = spec;
    this.#context = context;
    this.#queue = createTaskQueue<Asker>(spec.config.maxQueuedTasks);
    this.#away = new AwayAskers<Asker>(context, spec.config.silenceMs);
    this.#reportState();
  }

  handleMessage(message: AgentMessage): void {
    switch (message.kind) {
      case 'task':
        this.#away.heard(message.replyTo);
        return this.#handleTask(message);
      case 'given':
        return this.#decide({ ...message, type: 'task', asker: undefined });
      case 'probe':
        this.#away.heard(message.replyTo);
        return this.#decide({ ...message, type: 'probe', asker: message.replyTo });
      case 'cancel':
        return this.#decide({ ...message, type: 'cancel' });
      case 'finished':
        return this.#decide({ ...message, type: 'finished' });
      case 'overdue':
        return this.#decide({ ...message, type: 'overdue' });
      case 'asker-silent':
        return this.#endTasksOf(this.#away.take(message.asker));
      case 'broken':
        throw message.error;
    }
  }

  handleSignal(signal: Signal): void {
    const { id } = this.#spec.activation;
    if (signal.type === 'terminated') {
      const asker = signal.ref as Asker;
      return signal.reason === 'node-down' ? this.#away.add(asker) : this.#endTasksOf(asker);
    }
    if (signal.type === 'pre-restart') {
      return this.#decide({
        type: 'end',
        code: 'task-failed',
        message: `agent ${id} crashed and was restarted`,
      });
    }
    const code = this.#spec.life.endCode;
    const message =
      code === 'agent-stopped' ? `agent ${id} was stopped` : `agent ${id} ended on its node; ask again`;
    this.#decide({ type: 'end', code, message });
  }

  #endTasksOf(asker: Asker | undefined): void {
    if (asker !== undefined) this.#decide({ type: 'asker-gone', asker });
  }

  #handleTask(message: Extract<TaskMessage, { kind: 'task' }>): void {
    const { maxInputChars } = this.#spec.config;
    if (message.input.length > maxInputChars) {
      const outcome = failed('task-failed', `the input has more than ${maxInputChars} characters`);
      return message.replyTo.tell({ kind: 'settled', runId: message.runId, outcome });
    }
    const timeoutMs = Math.min(message.timeoutMs, longestTaskMs(this.#spec.config));
    this.#decide({ ...message, timeoutMs, type: 'task', asker: message.replyTo });
  }

  #decide(event: TaskEvent<Asker>): void {
    const effects = decideTask(this.#queue, event, this.#context.clock.now());
    // Before the effects: the asker that hears of its end is to find the agent ready.
    this.#reportState();
    for (const effect of effects) this.#perform(effect);
  }

  #perform(effect: TaskEffect<Asker>): void {
    switch (effect.type) {
      case 'start':
        return this.#start(effect.task);
      case 'abort':
        if (this.#call?.runId === effect.runId) this.#call.abort.abort();
        return;
      case 'await-deadline':
        return this.#context.setTimer(`overdue-${effect.runId}`, effect.inMs, {
          kind: 'overdue',
          runId: effect.runId,
        });
      case 'accepted':
        this.#context.watch(effect.to);
        return effect.to.tell({
          kind: 'accepted',
          runId: effect.runId,
          agent: this.#context.self,
          position: effect.position,
        });
      case 'text':
        return effect.to.tell({
          kind: 'text',
          runId: effect.runId,
          offset: effect.offset,
          text: effect.text,
        });
      case 'unknown-run':
        return effect.to.tell({ kind: 'unknown-run', runId: effect.runId });
      case 'settled':
        return effect.to.tell({ kind: 'settled', runId: effect.runId, outcome: effect.outcome });
      case 'record':
        this.#context.cancelTimer(`overdue-${effect.runId}`);
        if (effect.asker) {
          this.#away.remove(effect.asker);
          this.#context.unwatch(effect.asker);
        }
        return this.#spec.onRunEnded(effect.runId, effect.outcome);
    }
  }

  #start(task: Task<Asker>): void {
    const abort = new AbortController();
    this.#call = { runId: task.runId, abort };
    this.#context.pipeToSelf(
      this.#run(task, AbortSignal.any([abort.signal, this.#context.signal])),
      (outcome) => ({ kind: 'finished', runId: task.runId, outcome }),
      (error) => ({ kind: 'broken', error }),
    );
  }

  async #run(task: Task<Asker>, signal: AbortSignal): Promise<RunOutcome> {
    const { entry, fleet, config, activation, life } = this.#spec;
    if (life.model === '') {
      const offered = await offeredModels(fleet, describeTimeoutMs);
      life.model = resolveModel(undefined, entry.model, offered) ?? '';
      if (life.model === '')
        return failed('task-failed', 'no-host: the fleet has no model that chats; start or pull one');
      this.#reportState();
    }
    const { clock } = this.#context;
    return runChat(
      fleet,
      clock,
      {
        runId: task.runId,
        entry,
        model: life.model,
        options: activation.options,
        input: task.input,
        timeoutMs: Math.max(1, task.deadlineAtMs - clock.now()),
        maxOutputChars: config.maxOutputChars,
      },
      signal,
      (text) => {
        if (!signal.aborted) this.#decide({ type: 'text', runId: task.runId, text });
      },
    );
  }

  #reportState(): void {
    const state: ReportedState = this.#queue.inHand ? 'busy' : 'ready';
    const { model } = this.#spec.life;
    const report = `${state} ${model}`;
    if (report === this.#reported) return;
    this.#reported = report;
    this.#spec.onState(state);
  }
}
