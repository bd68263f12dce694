import type { RequestFailure } from '../errors.ts';

/** Retry time for a failure that does not state one. */
const defaultRetryAfterMs = 1_000;

/** Seconds for `retry-after`, which every 429 and 503 carries; undefined for all other statuses. */
export function retryAfterOf(failure: RequestFailure): string | undefined {
  if (failure.status !== 429 && failure.status !== 503) return undefined;
  return retryAfterSeconds(failure.retryAfterMs > 0 ? failure.retryAfterMs : defaultRetryAfterMs);
}

/** Value of `retry-after`: whole seconds, at least one. */
export function retryAfterSeconds(retryAfterMs: number): string {
  return String(Math.max(1, Math.ceil(retryAfterMs / 1_000)));
}
