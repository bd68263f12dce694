import type { ClusterNode } from '@drover/actor-core/cluster';
import type { PrincipalSigner, RequestPrincipal, SignedPrincipal } from '@drover/fleet';
import type {
  AgentDefinitionView,
  AgentMetrics,
  AgentsClient,
  AgentView,
  RunView,
  SpawnRequest,
  StoreProof,
  StoreTroubleView,
  TaskRequest,
  TaskResult,
} from '../agents-client.ts';
import type { AgentsConfig } from '../config.ts';
import type { AgentDefinitions } from '../definitions/load-definitions.ts';
import { AgentsError } from '../errors.ts';
import { defaultTenant } from '../protocol/limits.ts';
import { type AgentLocator, locateRetryMs } from './agent-locator.ts';
import {
  agentOf,
  type Answered,
  type DirectoryAsker,
  isOfTenant,
  type MakeRequest,
  unexpected,
} from './ask-directory.ts';
import { checkId, checkSpawn, checkTask } from './check-request.ts';
import { delay } from './delay.ts';
import { retireAgent } from './retire-agent.ts';
import type { StoreWatch } from './store-watch.ts';
import type { TaskOptions, TaskRunner } from './task-runner.ts';

/** What the clients of all tenants on one node share. */
export interface ClientParts {
  readonly node: ClusterNode;
  readonly config: AgentsConfig;
  readonly definitions: AgentDefinitions;
  readonly signer: PrincipalSigner | undefined;
  readonly asker: DirectoryAsker;
  readonly locator: AgentLocator;
  readonly tasks: TaskRunner;
  readonly storeWatch: StoreWatch;
}

/** Requests of the cluster itself, and of gateways without keys. */
const theCluster: Pick<RequestPrincipal, 'keyId' | 'roles'> = Object.freeze({ keyId: '', roles: [] });

/** The agents and runs of one tenant. Those of others do not exist for it. */
export class TenantAgentsClient implements AgentsClient {
  readonly #parts: ClientParts;
  readonly #tenant: string;

  readonly #by: Pick<RequestPrincipal, 'keyId' | 'roles'>;

  constructor(
    parts: ClientParts,
    tenant: string,
    by: Pick<RequestPrincipal, 'keyId' | 'roles'> = theCluster,
  ) {
    this.#parts = parts;
    this.#tenant = tenant;
    this.#by = by;
  }

  forTenant(tenant: string, by: Pick<RequestPrincipal, 'keyId' | 'roles'> = theCluster): AgentsClient {
    return tenant === this.#tenant && by === this.#by
      ? this
      : new TenantAgentsClient(this.#parts, tenant, by);
  }

  /** The principal of this client, signed for that node; undefined if this client has no signer. */
  readonly #sign = (to: string): SignedPrincipal | undefined =>
    this.#parts.signer?.sign({ ...this.#by, tenant: this.#tenant }, to);

  async spawn(request: SpawnRequest): Promise<AgentView> {
    const tenant = this.#tenant;
    const spec = { ...checkSpawn(request), ...(tenant !== defaultTenant && { tenant }) };
    const { idempotencyKey } = request;
    // Each spawn has a key, so that it can be repeated when a leader or an answer is lost.
    const key =
      idempotencyKey === undefined ? `c:${this.#parts.node.random.id()}` : this.#stated(idempotencyKey);
    const { waitMs, askTimeoutMs } = this.#parts.config;
    const untilMs = this.#parts.node.clock.now() + waitMs;
    for (;;) {
      const leftMs = Math.max(1, untilMs - this.#parts.node.clock.now());
      const answer = await this.#parts.asker.ask(
        (replyTo, leader) => ({
          kind: 'spawn',
          key,
          spec,
          waitMs: askTimeoutMs / 2,
          leftMs: Math.max(1, untilMs - this.#parts.node.clock.now()),
          principal: this.#sign(leader),
          replyTo,
        }),
        leftMs,
      );
      if (answer.kind === 'agent') return answer.agent;
      if (answer.kind !== 'pending') throw unexpected(answer);
      if (this.#parts.node.clock.now() >= untilMs) throw notYetPlaced(answer.agent.id, waitMs);
    }
  }

  async list(): Promise<readonly AgentView[]> {
    const agents: AgentView[] = [];
    const maxPages = this.#parts.config.maxAgents;
    for (let page = 0; page < maxPages; page++) {
      const after = agents.at(-1)?.id ?? '';
      const answer = await this.#ask((replyTo) => ({ kind: 'list', after, tenant: this.#tenant, replyTo }));
      if (answer.kind !== 'agents') throw unexpected(answer);
      agents.push(...answer.agents);
      if (!answer.more) break;
    }
    // A leader of 0.3.0 lists the agents of all tenants.
    return agents.filter((agent) => isOfTenant(agent, this.#tenant));
  }

  async get(id: string): Promise<AgentView> {
    checkId(id, 'agent-not-found');
    const tenant = this.#tenant;
    return agentOf(await this.#ask((replyTo) => ({ kind: 'get', id, tenant, replyTo })), tenant);
  }

  async stop(id: string, { finishMs = 0 }: { finishMs?: number | undefined } = {}): Promise<AgentView> {
    checkId(id, 'agent-not-found');
    const tenant = this.#tenant;
    // A leader of 0.3.0 stops the agents of all tenants.
    if (tenant !== defaultTenant) await this.get(id);
    if (finishMs > 0) await retireAgent({ ...this.#parts, sign: this.#sign }, () => this.get(id), finishMs);
    this.#parts.locator.forget({ id, tenant });
    const answer = await this.#ask((replyTo, leader) => ({
      kind: 'stop',
      id,
      tenant,
      principal: this.#sign(leader),
      replyTo,
    }));
    return agentOf(answer, tenant);
  }

  async task(id: string, request: TaskRequest, options: TaskOptions = {}): Promise<TaskResult> {
    checkId(id, 'agent-not-found');
    const task = checkTask(request, this.#parts.config, this.#parts.node.transport.maxPayloadBytes);
    return this.#parts.tasks.run({ id, tenant: this.#tenant }, task, { ...options, sign: this.#sign });
  }

  async submit(id: string, request: TaskRequest): Promise<{ readonly runId: string }> {
    checkId(id, 'agent-not-found');
    const task = checkTask(request, this.#parts.config, this.#parts.node.transport.maxPayloadBytes);
    const tenant = this.#tenant;
    if (tenant !== defaultTenant) await this.get(id);
    const runId = this.#parts.node.random.id();
    const untilMs = this.#parts.node.clock.now() + this.#parts.config.waitMs;
    for (;;) {
      try {
        const answer = await this.#ask((replyTo, leader) => ({
          kind: 'submit',
          id,
          runId,
          ...task,
          tenant,
          principal: this.#sign(leader),
          replyTo,
        }));
        if (answer.kind !== 'submitted') throw unexpected(answer);
        return { runId };
      } catch (error) {
        const isBeingPlaced = error instanceof AgentsError && error.code === 'agent-lost';
        if (!isBeingPlaced || this.#parts.node.clock.now() >= untilMs) throw error;
        await delay(this.#parts.node.clock, locateRetryMs);
      }
    }
  }

  async run(runId: string): Promise<RunView> {
    checkId(runId, 'run-not-found');
    const answer = await this.#ask((replyTo) => ({
      kind: 'run',
      runId,
      tenant: this.#tenant,
      replyTo,
    }));
    if (answer.kind !== 'run') throw unexpected(answer);
    if (isOfTenant(answer.run, this.#tenant)) return answer.run;
    throw new AgentsError('run-not-found', `no run ${runId}`);
  }

  async metrics(id: string): Promise<AgentMetrics> {
    checkId(id, 'agent-not-found');
    const answer = await this.#ask((replyTo) => ({ kind: 'metrics', id, tenant: this.#tenant, replyTo }));
    if (answer.kind !== 'metrics') throw unexpected(answer);
    return answer.metrics;
  }

  definitions(): readonly AgentDefinitionView[] {
    return [...this.#parts.definitions.values()].map(({ type, description, model }) => ({
      type,
      description,
      model,
    }));
  }

  async proveStore({
    timeoutMs = this.#parts.config.waitMs,
  }: {
    timeoutMs?: number;
  } = {}): Promise<StoreProof> {
    // Sends one question with the whole time as its deadline: a proof may take as long as all attempts of a write, and
    // a repeated question would start a new proof.
    const answer = await this.#parts.asker.ask(
      (replyTo) => ({ kind: 'prove', replyTo }),
      timeoutMs,
      undefined,
      timeoutMs,
    );
    if (answer.kind !== 'proof') throw unexpected(answer);
    return answer.proof;
  }

  storeTrouble(): StoreTroubleView | undefined {
    return this.#parts.storeWatch.trouble();
  }

  #ask(make: MakeRequest): Promise<Answered> {
    return this.#parts.asker.ask(make, this.#parts.config.waitMs);
  }

  /** Equal keys of two tenants are two keys. The form of the tenant `default` is that of 0.3.0. */
  #stated(idempotencyKey: string): string {
    const tenant = this.#tenant;
    return tenant === defaultTenant ? `u:${idempotencyKey}` : `t:${tenant}:${idempotencyKey}`;
  }
}

function notYetPlaced(id: string, waitMs: number): AgentsError {
  const message = `agent ${id} is recorded and will run, but no host has started it within ${waitMs} ms; get it later`;
  return new AgentsError('no-host', message, { retryAfterMs: 2_000 });
}
