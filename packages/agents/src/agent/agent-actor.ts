import {
  type ActorContext,
  type ActorRef,
  type Props,
  props,
  receive,
  setup,
  type Signal,
} from '@drover/actor-core';
import {
  type FleetClient,
  type KnownSigners,
  normaliseModelName,
  type PrincipalVerdict,
  type RequestPrincipal,
  type SignedPrincipal,
} from '@drover/fleet';
import { type AgentsConfig, longestTaskMs } from '../config.ts';
import type { AgentDefinition } from '../definitions/agent-definition.ts';
import type { ReportedState } from '../protocol/host-report.ts';
import { defaultTenant } from '../protocol/limits.ts';
import type { Activation } from '../protocol/manager-message.ts';
import { failed, type RunOutcome } from '../protocol/run-outcome.ts';
import { type TaskMessage, type TaskReply, taskMessageSchema } from '../protocol/task-message.ts';
import { offeredModels, resolveModel } from './resolve-model.ts';
import { type CallUsage, runChat } from './run-chat.ts';
import {
  createTaskQueue,
  decideTask,
  hasRun,
  type Task,
  type TaskEffect,
  type TaskEvent,
} from './task-queue.ts';
import { type AskerSilent, UnreachableAskers } from './unreachable-askers.ts';

/** Messages to an agent: from askers on any node, and from its own node. */
export type AgentMessage =
  | TaskMessage
  /** A recorded run, from the manager. */
  | {
      readonly kind: 'given';
      readonly runId: string;
      readonly input: string;
      readonly timeoutMs: number;
      readonly principal?: RequestPrincipal | undefined;
    }
  | { readonly kind: 'finished'; readonly runId: string; readonly outcome: RunOutcome }
  | { readonly kind: 'overdue'; readonly runId: string }
  | AskerSilent
  /** The code that runs a task threw an unexpected error: the agent crashes. */
  | { readonly kind: 'broken'; readonly error: unknown };

/** State of one incarnation that survives restarts of its actor; shared with the manager. */
export interface IncarnationState {
  /**
   * What becomes of the tasks that are open when the agent ends; set before the agent is stopped. `agent-moved`:
   * recorded runs go on with the next incarnation, other tasks end with `agent-lost`.
   */
  endCode: 'agent-lost' | 'agent-moved' | 'agent-stopped';
  /** Name of the model; '' until it is chosen. */
  model: string;
}

export interface AgentSpec {
  readonly activation: Activation;
  readonly definition: AgentDefinition;
  readonly fleet: FleetClient;
  readonly config: AgentsConfig;
  /** Longest answer, UTF-16 units. */
  readonly maxOutputChars: number;
  readonly shared: IncarnationState;
  readonly signers: KnownSigners;
  /** Called when a model call of a task has ended. */
  onCall(call: AgentCall): void;
  /** Called when the agent's state or model has changed. */
  onState(state: ReportedState): void;
  onRunEnded(runId: string, outcome: RunOutcome): void;
}

/** What one model call of a task has used. */
export interface AgentCall extends CallUsage {
  /** Who gave the task; undefined for a task of 0.3.0. */
  readonly principal: RequestPrincipal | undefined;
  readonly agent: string;
  readonly model: string;
}

/** Characters of a token, for most texts. */
const charsPerToken = 4;

function tokensIn(chars: number): number {
  return Math.ceil(chars / charsPerToken);
}

type Asker = ActorRef<TaskReply>;

/**
 * Longest wait of the first task for the model lists of the fleet. Without the lists, the name of a model shows whether
 * it can chat.
 */
const describeTimeoutMs = 2_000;

/** Props of one agent: it runs one task at a time, each task is one model call, and streams the answer. */
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

/** Performs what the task queue decides. One object for each start or restart of the actor. */
class Agent {
  readonly #spec: AgentSpec;
  readonly #context: ActorContext<AgentMessage>;
  readonly #queue: ReturnType<typeof createTaskQueue<Asker>>;
  readonly #unreachable: UnreachableAskers<Asker>;
  #call: { readonly runId: string; readonly abort: AbortController } | undefined;
  #reported = '';
  /** The agent ends, and was not stopped for good. */
  #isEnding = false;
  /** Instant up to which the agent takes no task. */
  #retiredUntilMs = 0;

  constructor(spec: AgentSpec, context: ActorContext<AgentMessage>) {
    this.#spec = spec;
    this.#context = context;
    this.#queue = createTaskQueue<Asker>(spec.config.maxQueuedTasks);
    this.#unreachable = new UnreachableAskers<Asker>(context, spec.config.silenceMs);
    this.#reportState();
  }

  handleMessage(message: AgentMessage): void {
    switch (message.kind) {
      case 'task':
        this.#unreachable.noteMessage(message.replyTo);
        return this.#handleTask(message);
      case 'given':
        return this.#decide({ ...message, type: 'task', asker: undefined });
      case 'probe':
        this.#unreachable.noteMessage(message.replyTo);
        return this.#decide({ ...message, type: 'probe', asker: message.replyTo });
      case 'retire':
        if (this.#judge(message.principal) !== undefined) return;
        this.#retiredUntilMs = this.#context.clock.now() + message.forMs;
        return message.replyTo.tell({ kind: 'retired', isIdle: this.#queue.current === undefined });
      case 'cancel':
        return this.#decide({ ...message, type: 'cancel' });
      case 'finished':
        return this.#decide({ ...message, type: 'finished' });
      case 'overdue':
        return this.#decide({ ...message, type: 'overdue' });
      case 'asker-silent':
        return this.#endTasksOf(this.#unreachable.take(message.asker));
      case 'broken':
        throw message.error;
    }
  }

  handleSignal(signal: Signal): void {
    const { id } = this.#spec.activation;
    if (signal.type === 'terminated') {
      const asker = signal.ref as Asker;
      return signal.reason === 'node-down' ? this.#unreachable.add(asker) : this.#endTasksOf(asker);
    }
    if (signal.type === 'pre-restart') {
      return this.#decide({
        type: 'end',
        code: 'task-failed',
        message: `agent ${id} crashed and was restarted`,
      });
    }
    if (this.#spec.shared.endCode === 'agent-stopped')
      return this.#decide({ type: 'end', code: 'agent-stopped', message: `agent ${id} was stopped` });
    this.#isEnding = true;
    this.#decide({ type: 'end', code: 'agent-lost', message: `agent ${id} ended on its node; ask again` });
  }

  #endTasksOf(asker: Asker | undefined): void {
    if (asker !== undefined) this.#decide({ type: 'asker-gone', asker });
  }

  /** Undefined for a principal that may use this agent, else what is wrong with it. */
  #judge(
    principal: SignedPrincipal | undefined,
  ): Exclude<PrincipalVerdict, 'valid' | 'unsigned'> | undefined {
    const { signers, activation } = this.#spec;
    const verdict = signers.judge(principal, activation.tenant ?? defaultTenant);
    if (verdict === 'valid' || verdict === 'unsigned') return undefined;
    this.#context.log.warn({ agent: activation.id, verdict }, 'agents: refused a message for its principal');
    return verdict;
  }

  #handleTask(message: Extract<TaskMessage, { kind: 'task' }>): void {
    const { maxInputChars } = this.#spec.config;
    const wrong = this.#judge(message.principal);
    // The asker asks again when its probe is answered, and announces its key before.
    if (wrong === 'unknown-signer') return;
    if (wrong !== undefined) {
      const outcome = failed('task-failed', `not-allowed: the principal of the task is ${wrong}`);
      return message.replyTo.tell({ kind: 'settled', runId: message.runId, outcome });
    }
    if (message.input.length > maxInputChars) {
      const outcome = failed('task-failed', `the input has more than ${maxInputChars} characters`);
      return message.replyTo.tell({ kind: 'settled', runId: message.runId, outcome });
    }
    // A task that the agent has already is answered as usual.
    if (this.#context.clock.now() < this.#retiredUntilMs && !hasRun(this.#queue, message.runId)) {
      const outcome = failed('agent-stopped', `agent ${this.#spec.activation.id} is being stopped`);
      return message.replyTo.tell({ kind: 'settled', runId: message.runId, outcome });
    }
    const timeoutMs = Math.min(message.timeoutMs, longestTaskMs(this.#spec.config));
    this.#decide({ ...message, timeoutMs, type: 'task', asker: message.replyTo });
  }

  #decide(event: TaskEvent<Asker>): void {
    const effects = decideTask(this.#queue, event, this.#context.clock.now());
    // Before the effects: an asker that receives the end of its task must find the agent ready.
    this.#reportState();
    for (const effect of effects) this.#perform(effect);
  }

  #perform(effect: TaskEffect<Asker>): void {
    const { runId } = effect.type === 'start' ? effect.task : effect;
    switch (effect.type) {
      case 'start':
        return this.#start(effect.task);
      case 'abort':
        if (this.#call?.runId === runId) this.#call.abort.abort();
        return;
      case 'await-deadline':
        return this.#context.setTimer(`overdue-${runId}`, effect.inMs, { kind: 'overdue', runId });
      case 'accepted': {
        const { to, position } = effect;
        this.#context.watch(to);
        return to.tell({ kind: 'accepted', runId, agent: this.#context.self, position });
      }
      case 'text':
        return effect.to.tell({ kind: 'text', runId, offset: effect.offset, text: effect.text });
      case 'unknown-run':
        return effect.to.tell({ kind: 'unknown-run', runId });
      case 'settled':
        return effect.to.tell({ kind: 'settled', runId, outcome: effect.outcome });
      case 'record':
        return this.#closeRun(runId, effect.outcome, effect.asker);
    }
  }

  #closeRun(runId: string, outcome: RunOutcome, asker: Asker | undefined): void {
    this.#context.cancelTimer(`overdue-${runId}`);
    if (asker) {
      this.#unreachable.remove(asker);
      this.#context.unwatch(asker);
    }
    const goesOn = this.#isEnding && this.#spec.shared.endCode === 'agent-moved' && asker === undefined;
    if (!goesOn) this.#spec.onRunEnded(runId, outcome);
  }

  #start(task: Task<Asker>): void {
    const abort = new AbortController();
    this.#call = { runId: task.runId, abort };
    this.#context.pipeToSelf(
      this.#run(task, AbortSignal.any([abort.signal, this.#context.signal])),
      (outcome): AgentMessage => ({ kind: 'finished', runId: task.runId, outcome }),
      (error): AgentMessage => ({ kind: 'broken', error }),
    );
  }

  async #run(task: Task<Asker>, signal: AbortSignal): Promise<RunOutcome> {
    const { definition, fleet, maxOutputChars, activation } = this.#spec;
    const model = await this.#decideModel();
    if (model === '') return failed('task-failed', 'no-host: the fleet has no chat model; start or pull one');
    const { clock } = this.#context;
    let chars = 0;
    let used: CallUsage | undefined;
    const outcome = await runChat(
      fleet,
      clock,
      {
        runId: task.runId,
        definition,
        model,
        options: activation.options,
        input: task.input,
        timeoutMs: Math.max(1, task.deadlineAtMs - clock.now()),
        maxOutputChars,
        principal: task.principal,
      },
      signal,
      (text) => {
        chars += text.length;
        if (!signal.aborted) this.#decide({ type: 'text', runId: task.runId, text });
      },
      (usage) => {
        used = usage;
      },
    );
    // A call that was cut off tells no figures.
    const cutOff = {
      promptTokens: tokensIn(task.input.length),
      completionTokens: tokensIn(chars),
      workMs: 0,
    };
    const { principal } = task;
    if (used !== undefined || chars > 0)
      this.#spec.onCall({
        principal,
        agent: activation.id,
        model: normaliseModelName(model),
        ...(used ?? cutOff),
      });
    return outcome;
  }

  /** The agent's model; the first task chooses it if the spawn did not. '' if the fleet offers none. */
  async #decideModel(): Promise<string> {
    const { definition, fleet, shared } = this.#spec;
    if (shared.model !== '') return shared.model;
    const offered = await offeredModels(fleet, describeTimeoutMs);
    shared.model = resolveModel(undefined, definition.model, offered) ?? '';
    if (shared.model !== '') this.#reportState();
    return shared.model;
  }

  #reportState(): void {
    const state: ReportedState = this.#queue.current ? 'busy' : 'ready';
    const { model } = this.#spec.shared;
    const report = `${state} ${model}`;
    if (report === this.#reported) return;
    this.#reported = report;
    this.#spec.onState(state);
  }
}
