import type { RequestFailure } from '../errors.ts';

/** Retry time for a failure that does not state one. */
const defaultRetryAfterMs = 1_000;

type Headers = Readonly<Record<string, string>>;

/**
 * Headers that tell a client when to send a refused request again: with every 429 and 503, else none. After a deadline
 * the clients of OpenAI and Anthropic are told not to: they would ask a fleet that is too slow three times.
 */
export function retryHeaders({ status, code, retryAfterMs }: RequestFailure): Headers {
  // A client that asks again within seconds would be refused each time.
  if (code === 'budget-spent') return { ...retryAfterHeaders(retryAfterMs), 'x-should-retry': 'false' };
  if (status === 429 || status === 503) return retryAfterHeaders(retryAfterMs);
  return code === 'deadline' ? { 'x-should-retry': 'false' } : {};
}

/** `retry-after` in whole seconds, at least one, and `retry-after-ms`, which clients of `/v1` prefer. */
export function retryAfterHeaders(retryAfterMs: number): Headers {
  const ms = retryAfterMs > 0 ? Math.ceil(retryAfterMs) : defaultRetryAfterMs;
  return { 'retry-after': String(Math.max(1, Math.ceil(ms / 1_000))), 'retry-after-ms': String(ms) };
}
