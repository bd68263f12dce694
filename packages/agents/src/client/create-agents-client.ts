import { type ActorRef, props, receive, SystemStoppedError } from '@drover/actor-core';
import { type ClusterNode, joinLeadership, type Leadership } from '@drover/actor-core/cluster';
import type {
  AgentsClient,
  AgentView,
  AgentDefinitionView,
  RunView,
  SpawnRequest,
  StoreProof,
  StoreTroubleView,
  TaskEvent,
  TaskRequest,
  TaskResult,
} from '../agents-client.ts';
import { type AgentDefinitions, loadDefinitions } from '../definitions/load-definitions.ts';
import { type AgentsConfig, resolveConfig } from '../config.ts';
import { AgentsError, type AgentsErrorCode } from '../errors.ts';
import { agentsGroup } from '../protocol/limits.ts';
import {
  type AnswerRef,
  type DirectoryMessage,
  type DirectoryRequest,
  directoryPath,
} from '../protocol/directory-message.ts';
import { failed, type RunOutcome } from '../protocol/run-outcome.ts';
import { agentPath, type TaskMessage } from '../protocol/task-message.ts';
import { type Answered, DirectoryAsker } from './ask-directory.ts';
import { checkId, checkSpawn, checkTask } from './check-request.ts';
import { delay } from './delay.ts';
import { StoreWatch } from './store-watch.ts';
import { type TaskAttemptEnd, type TaskAttemptSpec, taskAttemptProps } from './task-attempt.ts';

/** A client with a life of its own: `close` ends its sessions and its look-out for leaders. */
export interface OwnedAgentsClient extends AgentsClient {
  close(): Promise<void>;
}

/**
 * The agents of the cluster, from any node.
 *
 * @throws DefinitionError a definition file is invalid; names file and field
 * @throws InvalidArgumentError naming the field of `config`
 */
export function createAgentsClient(node: ClusterNode, config: Partial<AgentsConfig> = {}): OwnedAgentsClient {
  const resolved = resolveConfig(config);
  return new ClusterAgentsClient(node, resolved, loadDefinitions(resolved.definitionsDir));
}

type TaskOptions = { signal?: AbortSignal; onEvent?: (event: TaskEvent) => void };

/** Where an agent was last known to run. */
type Place = Pick<AgentView, 'node' | 'incarnation'>;

const lookAgainMs = 150;
const placesKept = 1_000;

class ClusterAgentsClient implements OwnedAgentsClient {
  readonly #node: ClusterNode;
  readonly #config: AgentsConfig;
  readonly #definitions: AgentDefinitions;
  readonly #leadership: Leadership;
  readonly #asker: DirectoryAsker;
  readonly #attempts: ActorRef<TaskAttemptSpec>;
  readonly #storeWatch: StoreWatch;
  readonly #places = new Map<string, Place>();

  constructor(node: ClusterNode, config: AgentsConfig, definitions: AgentDefinitions) {
    this.#node = node;
    this.#config = config;
    this.#definitions = definitions;
    this.#leadership = joinLeadership(node, { group: agentsGroup, candidate: false });
    this.#asker = new DirectoryAsker(node, this.#leadership, config);
    const healthMs = config.askTimeoutMs;
    this.#storeWatch = new StoreWatch(node.clock, () => this.#asker.ask(healthQuestion, healthMs));
    this.#attempts = node.system.spawn(
      props<TaskAttemptSpec>(() => receive((spec, context) => void context.spawn(taskAttemptProps(spec))), {
        mailbox: { capacity: 10_000 },
        supervision: { dynamic: true },
      }),
      'agents-client',
    );
  }

  async spawn(request: SpawnRequest): Promise<AgentView> {
    const spec = checkSpawn(request);
    const { idempotencyKey } = request;
    // Every spawn has a key, so that it may be repeated when a leader or an answer is lost.
    const key = idempotencyKey === undefined ? `c:${this.#node.random.id()}` : `u:${idempotencyKey}`;
    const { waitMs, askTimeoutMs } = this.#config;
    const untilMs = this.#node.clock.now() + waitMs;
    for (;;) {
      const leftMs = Math.max(1, untilMs - this.#node.clock.now());
      const make = (replyTo: AnswerRef): DirectoryRequest => ({
        kind: 'spawn',
        key,
        spec,
        waitMs: askTimeoutMs / 2,
        replyTo,
      });
      const answer = await this.#asker.ask(make, leftMs);
      if (answer.kind === 'agent') return answer.agent;
      if (answer.kind !== 'pending') throw unexpected(answer);
      if (this.#node.clock.now() >= untilMs) {
        const { id } = answer.agent;
        const message = `agent ${id} is recorded and will run, but no host has taken it within ${waitMs} ms; look at it later`;
        throw new AgentsError('no-host', message, { retryAfterMs: 2_000 });
      }
    }
  }

  async list(): Promise<readonly AgentView[]> {
    const agents: AgentView[] = [];
    const pages = this.#config.maxAgents;
    for (let page = 0; page < pages; page++) {
      const after = agents.at(-1)?.id ?? '';
      const answer = await this.#ask((replyTo) => ({ kind: 'list', after, replyTo }));
      if (answer.kind !== 'agents') throw unexpected(answer);
      agents.push(...answer.agents);
      if (!answer.more) break;
    }
    return agents;
  }

  async get(id: string): Promise<AgentView> {
    checkId(id, 'agent-not-found');
    return agentOf(await this.#ask((replyTo) => ({ kind: 'get', id, replyTo })));
  }

  async stop(id: string): Promise<AgentView> {
    checkId(id, 'agent-not-found');
    this.#places.delete(id);
    return agentOf(await this.#ask((replyTo) => ({ kind: 'stop', id, replyTo })));
  }

  async task(id: string, request: TaskRequest, options: TaskOptions = {}): Promise<TaskResult> {
    checkId(id, 'agent-not-found');
    const { input, timeoutMs } = checkTask(request, this.#config, this.#node.transport.maxPayloadBytes);
    const runId = this.#node.random.id();
    const untilMs = this.#node.clock.now() + timeoutMs;
    for (;;) {
      const place = await this.#placeBefore(untilMs, id, timeoutMs, options.signal);
      const leftMs = untilMs - this.#node.clock.now();
      if (leftMs <= 0) throw overdue(timeoutMs);
      const end = await this.#attempt(id, place, { runId, input, timeoutMs: leftMs }, options);
      if (end.type === 'settled') return resultOf(runId, place.node, end.outcome);
      this.#places.delete(id);
      if (end.type === 'lost') {
        this.#reportLost(id, place, runId, end.message);
        throw new AgentsError('agent-lost', `${place.node}: ${end.message}`, { retryAfterMs: 1_000 });
      }
      await delay(this.#node.clock, lookAgainMs, options.signal);
    }
  }

  async submit(id: string, request: TaskRequest): Promise<{ readonly runId: string }> {
    checkId(id, 'agent-not-found');
    const { input, timeoutMs } = checkTask(request, this.#config, this.#node.transport.maxPayloadBytes);
    const runId = this.#node.random.id();
    const untilMs = this.#node.clock.now() + this.#config.waitMs;
    for (;;) {
      try {
        const answer = await this.#ask((replyTo) => ({
          kind: 'submit',
          id,
          runId,
          input,
          timeoutMs,
          replyTo,
        }));
        if (answer.kind !== 'submitted') throw unexpected(answer);
        return { runId };
      } catch (error) {
        const isComingBack = error instanceof AgentsError && error.code === 'agent-lost';
        if (!isComingBack || this.#node.clock.now() >= untilMs) throw error;
        await delay(this.#node.clock, lookAgainMs);
      }
    }
  }

  async run(runId: string): Promise<RunView> {
    checkId(runId, 'run-not-found');
    const answer = await this.#ask((replyTo) => ({ kind: 'run', runId, replyTo }));
    if (answer.kind !== 'run') throw unexpected(answer);
    return answer.run;
  }

  definitions(): readonly AgentDefinitionView[] {
    return [...this.#definitions.values()].map(({ type, description, model }) => ({
      type,
      description,
      model,
    }));
  }

  async proveStore({ timeoutMs = this.#config.waitMs }: { timeoutMs?: number } = {}): Promise<StoreProof> {
    // A proof may take as long as all attempts of a write: ask once, since each repetition would start a new proof.
    const answer = await this.#asker.ask(proofQuestion, timeoutMs, undefined, timeoutMs);
    if (answer.kind !== 'proof') throw unexpected(answer);
    return answer.proof;
  }

  storeTrouble(): StoreTroubleView | undefined {
    return this.#storeWatch.trouble();
  }

  async close(): Promise<void> {
    await this.#leadership.resign();
    await this.#node.system.stop(this.#attempts).catch((error: unknown) => {
      // The system that is gone has taken its actors along.
      if (!(error instanceof SystemStoppedError)) throw error;
    });
  }

  #ask(make: (replyTo: AnswerRef) => DirectoryRequest): Promise<Answered> {
    return this.#asker.ask(make, this.#config.waitMs);
  }

  /** The host of the agent. Any failure to find it before the task's deadline is reported as `deadline`. */
  async #placeBefore(
    untilMs: number,
    id: string,
    timeoutMs: number,
    signal: AbortSignal | undefined,
  ): Promise<Place> {
    const leftMs = untilMs - this.#node.clock.now();
    if (leftMs <= 0) throw overdue(timeoutMs);
    const { waitMs } = this.#config;
    try {
      return await this.#placeOf(id, Math.min(waitMs, leftMs), signal);
    } catch (error) {
      if (leftMs < waitMs && error instanceof AgentsError && waitedInVain.has(error.code))
        throw overdue(timeoutMs, error);
      throw error;
    }
  }

  /** Where the agent runs: as last known, else as the leader says, waiting for it to be brought back. */
  async #placeOf(id: string, waitMs: number, signal: AbortSignal | undefined): Promise<Place> {
    const known = this.#places.get(id);
    if (known) return known;
    const untilMs = this.#node.clock.now() + waitMs;
    for (;;) {
      if (signal?.aborted) throw new AgentsError('cancelled', 'the task was cancelled');
      const leftMs = Math.max(1, untilMs - this.#node.clock.now());
      const agent = agentOf(
        await this.#asker.ask((replyTo) => ({ kind: 'get', id, replyTo }), leftMs, signal),
      );
      if (agent.status === 'stopped')
        throw new AgentsError('agent-stopped', `agent ${id} was stopped; spawn another`);
      if (agent.status === 'failed') {
        throw new AgentsError(
          'task-failed',
          `agent ${id} failed too often and is parked; stop it and spawn another`,
        );
      }
      if (agent.status !== 'starting' && agent.status !== 'lost') return this.#remember(id, agent);
      if (this.#node.clock.now() >= untilMs) {
        const message = `agent ${id} has no host; it is brought back when one lives`;
        throw new AgentsError('agent-lost', message, { retryAfterMs: 1_000 });
      }
      await delay(this.#node.clock, lookAgainMs, signal);
    }
  }

  #remember(id: string, { node, incarnation }: AgentView): Place {
    const place = { node, incarnation };
    for (const oldest of this.#places.keys()) {
      if (this.#places.size < placesKept) break;
      this.#places.delete(oldest);
    }
    this.#places.set(id, place);
    return place;
  }

  #attempt(
    id: string,
    place: Place,
    task: { runId: string; input: string; timeoutMs: number },
    options: TaskOptions,
  ): Promise<TaskAttemptEnd> {
    const { system, clock } = this.#node;
    const agent = system.refFor<TaskMessage>(place.node, agentPath(id, place.incarnation));
    return new Promise((resolve) => {
      // The attempt always ends in time by itself; if its actor could not even start, this does.
      const backstop = clock.setTimer(task.timeoutMs + 2 * this.#config.waitMs, () =>
        onEnd({
          type: 'settled',
          outcome: failed('deadline', 'the attempt of the task did not start on this node'),
        }),
      );
      const onEnd = (end: TaskAttemptEnd): void => {
        backstop.cancel();
        resolve(end);
      };
      const onEvent = options.onEvent ?? (() => undefined);
      this.#attempts.tell({ ...task, agent, config: this.#config, signal: options.signal, onEvent, onEnd });
    });
  }

  /** The agent cannot record it any more; said once, as the leader may also know by itself. */
  #reportLost(agentId: string, { node, incarnation }: Place, runId: string, message: string): void {
    const { leader } = this.#asker;
    if (leader === undefined) return;
    const directory = this.#node.system.refFor<DirectoryMessage>(leader, directoryPath);
    const run = { runId, agentId, incarnation, node, outcome: failed('agent-lost', message) };
    directory.tell({ kind: 'settle', run }, { lane: 'request' });
  }
}

/** Codes of a wait that ended because its time was up. */
const waitedInVain: ReadonlySet<AgentsErrorCode> = new Set(['no-leader', 'agent-lost', 'bus-unavailable']);

function overdue(timeoutMs: number, cause?: AgentsError): AgentsError {
  const detail = cause === undefined ? '' : `: ${cause.message}`;
  return new AgentsError('deadline', `the task did not end within ${timeoutMs} ms${detail}`, { cause });
}

function healthQuestion(replyTo: AnswerRef): DirectoryRequest {
  return { kind: 'health', replyTo };
}

function proofQuestion(replyTo: AnswerRef): DirectoryRequest {
  return { kind: 'prove', replyTo };
}

function agentOf(answer: Answered): AgentView {
  if (answer.kind !== 'agent') throw unexpected(answer);
  return answer.agent;
}

function resultOf(runId: string, node: string, outcome: RunOutcome): TaskResult {
  if (outcome.status === 'failed') {
    const retryAfterMs = outcome.code === 'agent-busy' || outcome.code === 'agent-lost' ? 1_000 : 0;
    throw new AgentsError(outcome.code, outcome.message, { retryAfterMs });
  }
  return { runId, status: 'completed', output: outcome.output, usage: outcome.usage, node };
}

function unexpected(answer: Answered): AgentsError {
  return new AgentsError(
    'no-leader',
    `the leader answered ${answer.kind} to another question; it runs another version`,
  );
}
