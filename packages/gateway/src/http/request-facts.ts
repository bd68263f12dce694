/**
 * What is learnt about one request while it is served, for its log line, its metrics and its spans. Nothing a client
 * wrote as content is in it.
 */
export interface RequestFacts {
  /** Pattern of the route: `/api/v1/nodes/{id}`; empty for an unknown path. */
  route: string;
  /** The model that the request went to. */
  model?: string;
  /** The node that served it. */
  node?: string;
  /** Milliseconds from the arrival at the fleet until the request was inside an Ollama. */
  queuedMs?: number;
  /** Milliseconds from the arrival until the first bytes of a stream. */
  firstByteMs?: number;
  /** The stages that it passed. */
  stages?: readonly Stage[];
}

/**
 * A stage of a request, in the order in which it passes them: `admission` (key, rights, body; `rate-limit` within it),
 * `health` (which hosts are ready), `breaker` (which of them failed lately), `queue`, `attempt` at a host, `retry` at
 * another.
 */
export interface Stage {
  readonly stage: 'admission' | 'rate-limit' | 'health' | 'breaker' | 'queue' | 'attempt' | 'retry';
  /** Milliseconds since the arrival. */
  readonly startedMs: number;
  readonly endedMs: number;
  /** Of an attempt: `node/instance`, and how it ended. */
  readonly place?: string;
  readonly outcome?: string;
  /** Of `health`: instances that may serve the request. Of `breaker`: instances that are asked last. */
  readonly hosts?: number;
}
