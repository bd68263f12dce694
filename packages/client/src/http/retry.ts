/** What is known after an attempt that failed. */
export interface AttemptFacts {
  /** Attempts made so far. */
  readonly attempts: number;
  readonly maxAttempts: number;
  /** The gateway may get the request twice without harm. */
  readonly isRepeatable: boolean;
  /** Of the answer; undefined where none came. */
  readonly status?: number | undefined;
  readonly retryAfterMs?: number | undefined;
  readonly shouldRetry?: boolean | undefined;
  /** Time that is left for the call, milliseconds. */
  readonly leftMs: number;
  /** From 0 up to 1. */
  readonly random: number;
}

const firstBackoffMs = 100;
const longestBackoffMs = 5_000;

/**
 * Time to wait before the next attempt; undefined for none.
 *
 * 429 says that nothing was begun, so every request is sent again. 503 and a lost connection leave that open: only a
 * request that may arrive twice is sent again. Nothing is sent before `retry-after`, and nothing that the deadline
 * would end anyway.
 */
export function decideRetry(facts: AttemptFacts): number | undefined {
  const { attempts, maxAttempts, isRepeatable, status, retryAfterMs, leftMs } = facts;
  if (attempts >= maxAttempts || facts.shouldRetry === false) return undefined;
  const mayRepeat = status === 429 || (isRepeatable && (status === undefined || status === 503));
  if (!mayRepeat) return undefined;
  const waitMs = Math.max(retryAfterMs ?? 0, backoffMs(attempts, facts.random));
  return waitMs < leftMs ? waitMs : undefined;
}

/** Doubles with each attempt; random, so that clients that were cut off together do not come back together. */
export function backoffMs(attempts: number, random: number): number {
  const full = Math.min(longestBackoffMs, firstBackoffMs * 2 ** Math.min(attempts - 1, 10));
  return full * (0.5 + random / 2);
}
