/** The routing decisions of one request, with the facts at the time of each decision. */
export interface RequestDecisions {
  readonly requestId: string;
  readonly model: string;
  /**
   * What has to be loaded for the request, of the last attempt: the first 12 digits of the model's digest, and the
   * context that the request states, such as `365c0bd3c000;num_ctx=8192`; null without an attempt.
   */
  readonly residencyKey: string | null;
  /** Instance of the last attempt; null without an attempt. */
  readonly chosen: { readonly node: string; readonly instance: string } | null;
  /** Candidates at the last decision: the chosen instance first, then those that list the model. At most 32. */
  readonly candidates: readonly Candidate[];
  /** The choice of the first instance, as far as it got; absent before it began. */
  readonly routing?: RoutingView | undefined;
  /** The last 16 attempts, in order. */
  readonly attempts: readonly AttemptView[];
  /** How the request ended; `running` until then. */
  readonly outcome: 'running' | 'served' | 'refused' | 'failed';
  /** The error that the caller got; absent unless it failed. */
  readonly error?: { readonly code: string; readonly message: string } | undefined;
  /** Milliseconds since the arrival of the request. */
  readonly ageMs: number;
}

/** How the first instance was chosen: hosts that are ready (health), without those that fail (breakers). */
export interface RoutingView {
  /** Milliseconds from the arrival until it was known which hosts may serve, waits for a host included. */
  readonly healthMs: number;
  /** Milliseconds from the arrival until one was chosen, or none. */
  readonly breakerMs: number;
  /** Instances that are ready and list the model. */
  readonly usable: number;
  /** Instances that are asked last, because they failed lately. */
  readonly avoided: number;
}

export interface Candidate {
  readonly node: string;
  readonly instance: string;
  /** Expected wait until the request would run there, milliseconds; null where the model is not listed. */
  readonly cost: number | null;
  readonly parts: {
    readonly queueMs: number;
    readonly loadMs: number;
    readonly loaded: boolean;
    readonly slots: number;
    readonly busy: number;
    readonly queued: number;
    /** Requests of this client that the load report does not include yet. */
    readonly pending: number;
    readonly evidenceAgeMs: number;
  };
  /** `chosen`, or the reason why the instance was not chosen, as text. */
  readonly reason: string;
}

export interface AttemptView {
  readonly node: string;
  readonly instance: string;
  /** Milliseconds since the arrival of the request. */
  readonly startedMs: number;
  /** Null while the attempt runs. */
  readonly endedMs: number | null;
  /**
   * `running` · `served` · `refused`: the host answered with an error · `not-taken`: the node-agent refused ·
   * `failed` · `moved`: left this queue for a free slot elsewhere · `given-up`: cancelled, or sent again
   */
  readonly outcome: 'running' | AttemptOutcome;
  /** The host's HTTP status, once it answered. */
  readonly status?: number | undefined;
  readonly code?: string | undefined;
  readonly message?: string | undefined;
}

export type AttemptOutcome = 'served' | 'refused' | 'not-taken' | 'failed' | 'moved' | 'given-up';
