import type { RequestPrincipal } from '@drover/fleet';
import type { StoreProof } from '@drover/actor-core/internal';

export type { StoreProof } from '@drover/actor-core/internal';

/**
 * The agents of the cluster, from any node: used by the gateway's `/api/v1/agents` routes. Created by
 * `createAgentsClient(node)`. Each call finds the current leader, waits at most `AgentsConfig.waitMs` (default 10 s)
 * for one, and has a deadline.
 */
export interface AgentsClient {
  /**
   * The agents and runs of that tenant alone. @default the client is that of the tenant `default`
   *
   * @param by on whose behalf changes and tasks are: their model calls are counted on that key. @default the cluster's
   */
  forTenant(tenant: string, by?: Pick<RequestPrincipal, 'keyId' | 'roles'>): AgentsClient;
  /**
   * Starts an agent from its definition. Resolves once the agent is recorded, so that it survives its node.
   *
   * @throws AgentsError `unknown-agent-type`, `invalid-input`, `no-leader`, `no-host`, `idempotency-conflict`
   */
  spawn(request: SpawnRequest): Promise<AgentView>;
  list(): Promise<readonly AgentView[]>;
  /** @throws AgentsError `agent-not-found` */
  get(id: string): Promise<AgentView>;
  /**
   * Stops an agent permanently. Its tasks end with `agent-stopped`. With `finishMs` the agent takes no further task,
   * and the ones that it has may go on for that long before it is stopped.
   *
   * @throws AgentsError `agent-not-found`
   */
  stop(id: string, options?: { readonly finishMs?: number | undefined }): Promise<AgentView>;
  /**
   * Gives an agent a task and waits for its end. `onEvent` receives the answer piece by piece. Aborting `signal`
   * cancels the run down to the model call.
   *
   * @throws AgentsError `agent-not-found`, `agent-lost` (its node died while it ran the task), `agent-busy`,
   *   `deadline`, `no-leader`
   */
  task(
    id: string,
    request: TaskRequest,
    options?: { signal?: AbortSignal; onEvent?: (event: TaskEvent) => void },
  ): Promise<TaskResult>;
  /** Starts a task. Resolves with the id of its run once the run is recorded. */
  submit(id: string, request: TaskRequest): Promise<{ readonly runId: string }>;
  /** What the recorded runs of the agent say about its work. @throws AgentsError `agent-not-found` */
  metrics(id: string): Promise<AgentMetrics>;
  /** @throws AgentsError `run-not-found` */
  run(runId: string): Promise<RunView>;
  /** The agent types that `spawn` accepts. */
  definitions(): readonly AgentDefinitionView[];
  /**
   * Makes the leader write a record under its fence and read it back, now.
   *
   * @throws AgentsError `no-leader`, `bus-unavailable`, `store-missing`, `store-full`, `store-unavailable`
   */
  proveStore(options?: { readonly timeoutMs?: number }): Promise<StoreProof>;
  /**
   * Last known reason why the leader cannot write records, or why no host can lead; undefined if none is known. A
   * result older than one second is renewed in the background for the next call.
   */
  storeTrouble(): StoreTroubleView | undefined;
}

export interface StoreTroubleView {
  readonly code: string;
  readonly message: string;
  readonly evidenceAgeMs: number;
}

export interface SpawnRequest {
  readonly type: string;
  readonly name?: string | undefined;
  /** Replaces the model of the definition. */
  readonly model?: string | undefined;
  /** Ollama options, merged over those of the definition. */
  readonly options?: Record<string, unknown> | undefined;
  readonly idempotencyKey?: string | undefined;
}

export interface AgentView {
  readonly id: string;
  readonly type: string;
  readonly name: string;
  readonly model: string;
  readonly status: AgentStatus;
  /** Node that runs the agent now; '' while none does. */
  readonly node: string;
  /** 1 at first, +1 each time the agent is started again on a host. */
  readonly incarnation: number;
  readonly createdAt: string;
  /** Absent for the tenant `default`. */
  readonly tenant?: string | undefined;
}

/**
 * `starting`: being placed · `ready` · `busy`: runs a task · `lost`: its node has ended or is unreachable, being placed
 * again · `stopped` · `failed`: parked after too many failures.
 */
export type AgentStatus = 'starting' | 'ready' | 'busy' | 'lost' | 'stopped' | 'failed';

export interface TaskRequest {
  readonly input: string;
  /** @default 120_000 */
  readonly timeoutMs?: number | undefined;
}

export interface TaskUsage {
  readonly promptTokens: number;
  readonly completionTokens: number;
  readonly durationMs: number;
}

export interface TaskResult {
  readonly runId: string;
  readonly status: 'completed';
  readonly output: string;
  readonly usage: TaskUsage;
  /** Node of the agent that answered. */
  readonly node: string;
}

export type TaskEvent =
  | { readonly type: 'started'; readonly runId: string; readonly node: string }
  | { readonly type: 'token'; readonly runId: string; readonly text: string };

export interface RunView {
  readonly runId: string;
  readonly agentId: string;
  readonly status: 'running' | 'completed' | 'failed';
  readonly output?: string | undefined;
  readonly usage?: TaskUsage | undefined;
  readonly error?: { readonly code: string; readonly message: string } | undefined;
  readonly node: string;
  /** Absent for the tenant `default`. */
  readonly tenant?: string | undefined;
}

/** The work of one agent, counted over the runs that are still recorded, in all its incarnations. */
export interface AgentMetrics {
  readonly id: string;
  readonly runs: {
    readonly running: number;
    readonly completed: number;
    readonly failed: number;
    /** Failed runs by error code. */
    readonly failedBy: Readonly<Record<string, number>>;
  };
  readonly tokens: { readonly prompt: number; readonly completion: number };
  /** Durations of the completed runs; null while there are none. */
  readonly durationMs: {
    readonly mean: number;
    readonly p50: number;
    readonly p95: number;
    readonly max: number;
  } | null;
  /** Times that the agent was started again on a host. */
  readonly restarts: number;
  /** Largest number of runs that the cluster keeps; older ones are no longer counted. */
  readonly keptRuns: number;
}

export interface AgentDefinitionView {
  readonly type: string;
  readonly description: string;
  readonly model: string | undefined;
}
