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

/** A stage of a request. `route`: health and breakers of the hosts decide where it may go. */
export interface Stage {
  readonly stage: 'admission' | 'route' | 'queue' | 'attempt' | 'retry';
  /** Milliseconds since the arrival. */
  readonly startedMs: number;
  readonly endedMs: number;
  /** Of an attempt: `node/instance`, and how it ended. */
  readonly place?: string;
  readonly outcome?: string;
}
