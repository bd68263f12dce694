import { createLiveConfig, type LiveConfig } from '@drover/actor-core';
import { type ClusterNode, joinLeadership, type Leadership } from '@drover/actor-core/cluster';
import type {
  AgentDefinitionView,
  AgentsClient,
  AgentView,
  RunView,
  SpawnRequest,
  StoreProof,
  StoreTroubleView,
  TaskRequest,
  TaskResult,
} from '../agents-client.ts';
import { type AgentsConfig, liveFields, resolveConfig } from '../config.ts';
import { type AgentDefinitions, loadDefinitions } from '../definitions/load-definitions.ts';
import { AgentsError } from '../errors.ts';
import type { AnswerRef } from '../protocol/directory-answer.ts';
import type { DirectoryRequest } from '../protocol/directory-request.ts';
import { agentsGroup } from '../protocol/limits.ts';
import { AgentLocator, locateRetryMs } from './agent-locator.ts';
import { agentOf, type Answered, DirectoryAsker, unexpected } from './ask-directory.ts';
import { checkId, checkSpawn, checkTask } from './check-request.ts';
import { delay } from './delay.ts';
import { StoreWatch } from './store-watch.ts';
import { type TaskOptions, TaskRunner } from './task-runner.ts';

/** A client that owns actors: `close` ends its running tasks and stops following the leadership. */
export interface OwnedAgentsClient extends AgentsClient {
  close(): Promise<void>;
  /**
   * Replaces the settings that were changed since the start.
   *
   * @throws InvalidArgumentError naming a setting that cannot change, or does not fit; nothing changes
   */
  reconfigure(changes: Partial<AgentsConfig>): void;
}

/**
 * The agents of the cluster, from any node.
 *
 * @throws DefinitionError a definition file is invalid; names file and field
 * @throws InvalidArgumentError naming the field of `config`
 */
export function createAgentsClient(node: ClusterNode, config: Partial<AgentsConfig> = {}): OwnedAgentsClient {
  const live = createLiveConfig(resolveConfig, config, liveFields);
  return new ClusterAgentsClient(node, live, loadDefinitions(live.current.definitionsDir));
}

class ClusterAgentsClient implements OwnedAgentsClient {
  readonly #node: ClusterNode;
  readonly #live: LiveConfig<AgentsConfig>;
  readonly #config: AgentsConfig;
  readonly #definitions: AgentDefinitions;
  readonly #leadership: Leadership;
  readonly #asker: DirectoryAsker;
  readonly #locator: AgentLocator;
  readonly #tasks: TaskRunner;
  readonly #storeWatch: StoreWatch;

  constructor(node: ClusterNode, live: LiveConfig<AgentsConfig>, definitions: AgentDefinitions) {
    const config = live.current;
    this.#live = live;
    this.#node = node;
    this.#config = config;
    this.#definitions = definitions;
    this.#leadership = joinLeadership(node, { group: agentsGroup, candidate: false });
    this.#asker = new DirectoryAsker(node, this.#leadership, config);
    this.#locator = new AgentLocator(node, this.#asker, config);
    this.#tasks = new TaskRunner(node, config, this.#locator, this.#asker);
    this.#storeWatch = new StoreWatch(node.clock, () =>
      this.#asker.ask((replyTo) => ({ kind: 'health', replyTo }), config.askTimeoutMs),
    );
  }

  reconfigure(changes: Partial<AgentsConfig>): void {
    this.#live.apply(changes);
  }

  async spawn(request: SpawnRequest): Promise<AgentView> {
    const spec = checkSpawn(request);
    const { idempotencyKey } = request;
    // Each spawn has a key, so that it can be repeated when a leader or an answer is lost.
    const key = idempotencyKey === undefined ? `c:${this.#node.random.id()}` : `u:${idempotencyKey}`;
    const { waitMs, askTimeoutMs } = this.#config;
    const untilMs = this.#node.clock.now() + waitMs;
    for (;;) {
      const leftMs = Math.max(1, untilMs - this.#node.clock.now());
      const answer = await this.#asker.ask(
        (replyTo) => ({
          kind: 'spawn',
          key,
          spec,
          waitMs: askTimeoutMs / 2,
          leftMs: Math.max(1, untilMs - this.#node.clock.now()),
          replyTo,
        }),
        leftMs,
      );
      if (answer.kind === 'agent') return answer.agent;
      if (answer.kind !== 'pending') throw unexpected(answer);
      if (this.#node.clock.now() >= untilMs) throw notYetPlaced(answer.agent.id, waitMs);
    }
  }

  async list(): Promise<readonly AgentView[]> {
    const agents: AgentView[] = [];
    const maxPages = this.#config.maxAgents;
    for (let page = 0; page < maxPages; page++) {
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
    this.#locator.forget(id);
    return agentOf(await this.#ask((replyTo) => ({ kind: 'stop', id, replyTo })));
  }

  async task(id: string, request: TaskRequest, options: TaskOptions = {}): Promise<TaskResult> {
    checkId(id, 'agent-not-found');
    const task = checkTask(request, this.#config, this.#node.transport.maxPayloadBytes);
    return this.#tasks.run(id, task, options);
  }

  async submit(id: string, request: TaskRequest): Promise<{ readonly runId: string }> {
    checkId(id, 'agent-not-found');
    const task = checkTask(request, this.#config, this.#node.transport.maxPayloadBytes);
    const runId = this.#node.random.id();
    const untilMs = this.#node.clock.now() + this.#config.waitMs;
    for (;;) {
      try {
        const answer = await this.#ask((replyTo) => ({ kind: 'submit', id, runId, ...task, replyTo }));
        if (answer.kind !== 'submitted') throw unexpected(answer);
        return { runId };
      } catch (error) {
        const isBeingPlaced = error instanceof AgentsError && error.code === 'agent-lost';
        if (!isBeingPlaced || this.#node.clock.now() >= untilMs) throw error;
        await delay(this.#node.clock, locateRetryMs);
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
    // Sends one question with the whole time as its deadline: a proof may take as long as all attempts of a write, and
    // a repeated question would start a new proof.
    const answer = await this.#asker.ask(
      (replyTo) => ({ kind: 'prove', replyTo }),
      timeoutMs,
      undefined,
      timeoutMs,
    );
    if (answer.kind !== 'proof') throw unexpected(answer);
    return answer.proof;
  }

  storeTrouble(): StoreTroubleView | undefined {
    return this.#storeWatch.trouble();
  }

  async close(): Promise<void> {
    await this.#leadership.resign();
    await this.#tasks.close();
  }

  #ask(make: (replyTo: AnswerRef) => DirectoryRequest): Promise<Answered> {
    return this.#asker.ask(make, this.#config.waitMs);
  }
}

function notYetPlaced(id: string, waitMs: number): AgentsError {
  const message = `agent ${id} is recorded and will run, but no host has started it within ${waitMs} ms; get it later`;
  return new AgentsError('no-host', message, { retryAfterMs: 2_000 });
}
