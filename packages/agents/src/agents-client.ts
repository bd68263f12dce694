import type { StoreProof } from './placement/prove-store.ts';

export type { StoreProof } from './placement/prove-store.ts';

/**
 * The agents of the cluster, from any node: used by the gateway's `/api/v1/agents` routes. Made by
 * `createAgentsClient(node)`. Every call finds the group's current leader by itself, waits at most
 * `timeoutMs` (default 10 s) for one, and carries a deadline.
 */
export interface AgentsClient {
  /**
   * Makes an agent from an agent definition. Durable before it resolves: it survives its node.
   *
   * @throws AgentsError `unknown-agent-type`, `invalid-input`, `no-leader`, `no-host`, `idempotency-conflict`
   */
  spawn(request: SpawnRequest): Promise<AgentView>;
  list(): Promise<readonly AgentView[]>;
  /** @throws AgentsError `agent-not-found` */
  get(id: string): Promise<AgentView>;
  /** Stops an agent for good. @throws AgentsError `agent-not-found` */
  stop(id: string): Promise<AgentView>;
  /**
   * Gives an agent a task and waits for its end. `onEvent` hears the answer as it grows.
   * Aborting `signal` cancels the run down to the model.
   *
   * @throws AgentsError `agent-not-found`, `agent-lost` (its node died with the task in hand), `agent-busy`, `deadline`, `no-leader`
   */
  task(
    id: string,
    request: TaskRequest,
    options?: { signal?: AbortSignal; onEvent?: (event: TaskEvent) => void },
  ): Promise<TaskResult>;
  /** Starts a task and returns its run's id once the run is recorded. */
  submit(id: string, request: TaskRequest): Promise<{ readonly runId: string }>;
  /** @throws AgentsError `run-not-found` */
  run(runId: string): Promise<RunView>;
  /** The agent types that `spawn` accepts. */
  definitions(): readonly AgentDefinitionView[];
  /**
   * Has the leader write a record under its fence and read it back, now.
   *
   * @throws AgentsError `no-leader`, `bus-unavailable`, `store-missing`, `store-full`, `store-unavailable`
   */
  proveStore(options?: { readonly timeoutMs?: number }): Promise<StoreProof>;
  /**
   * Last known reason why the leader cannot record, or why no host can lead; undefined while nothing is known.
   * A result older than one second is refreshed in the background for the next call.
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
  /** Ollama options merged over the entry's. */
  readonly options?: Record<string, unknown> | undefined;
  readonly idempotencyKey?: string | undefined;
}

export interface AgentView {
  readonly id: string;
  readonly type: string;
  readonly name: string;
  readonly model: string;
  readonly status: AgentStatus;
  /** Node that hosts it now; empty while none does. */
  readonly node: string;
  /** 1 for its first life, +1 each time it is brought back. */
  readonly incarnation: number;
  readonly createdAt: string;
}

/** `starting`: being placed · `ready` · `busy`: has a task in hand · `lost`: its node is gone, being brought back · `stopped` · `failed`: parked after too many failures. */
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
}

export interface AgentDefinitionView {
  readonly type: string;
  readonly description: string;
  readonly model: string | undefined;
}
