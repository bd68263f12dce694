import { DroverError } from './drover-error.ts';

/** A router has no target at present. The caller waits for members of the group, or refuses its own caller. */
export class NoTargetsError extends DroverError {
  readonly code = 'no-targets';
  constructor(options?: ErrorOptions) {
    super('there is no target to route to', options);
  }
}

/** Fewer targets answered than were needed; `errors` has one error for each failure. Retry only what is idempotent. */
export class TooFewAnswersError extends DroverError {
  readonly code = 'too-few-answers';
  readonly answered: number;
  readonly needed: number;
  readonly errors: readonly unknown[];
  constructor(answered: number, needed: number, errors: readonly unknown[], options?: ErrorOptions) {
    super(`${answered} of the ${needed} needed answers arrived`, { cause: errors.at(-1), ...options });
    this.answered = answered;
    this.needed = needed;
    this.errors = errors;
  }
}

/**
 * A service failed too often and is not called at present. The caller goes on without it, or retries after
 * `retryAfterMs`.
 */
export class CircuitOpenError extends DroverError {
  readonly code = 'circuit-open';
  readonly circuit: string;
  /** 0: a probe is under way, and its outcome decides. */
  readonly retryAfterMs: number;
  constructor(circuit: string, retryAfterMs: number, options?: ErrorOptions) {
    super(`${circuit} failed too often and is not called at present`, options);
    this.circuit = circuit;
    this.retryAfterMs = retryAfterMs;
  }
}

/** A required phase of the shutdown failed, and the later phases were not run. See the errors of its tasks. */
export class ShutdownAbortedError extends DroverError {
  readonly code = 'shutdown-aborted';
  readonly phase: string;
  constructor(phase: string, options?: ErrorOptions) {
    super(`the shutdown ended because its phase ${phase} failed`, options);
    this.phase = phase;
  }
}
