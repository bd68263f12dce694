/** Weight of the newest observation. */
const weight = 0.2;
const leastRetryMs = 500;
const mostRetryMs = 60_000;
/** Answered while nothing has been observed. */
const unknownRetryMs = 1_000;

/** Moving average of how long a request stays inside Ollama; undefined until one was seen. Milliseconds. */
export function observeServiceMs(averageMs: number | undefined, seenMs: number): number {
  return averageMs === undefined ? seenMs : averageMs + weight * (seenMs - averageMs);
}

/** When a refused client should come back: about when half of the queue has gone. Between 0.5 and 60 s. */
export function retryAfterMs(averageMs: number | undefined, queued: number, slots: number): number {
  if (averageMs === undefined) return unknownRetryMs;
  const halfQueueMs = (averageMs * Math.max(1, queued)) / slots / 2;
  return Math.round(Math.min(mostRetryMs, Math.max(leastRetryMs, halfQueueMs)));
}
