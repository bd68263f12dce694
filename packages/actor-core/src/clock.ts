/** A pending timer. Cancelling one that has fired or was cancelled does nothing. */
export interface Timer {
  /** The timer does not fire any more. */
  cancel(): void;
}

/**
 * The source of time: a monotonic clock for durations and deadlines, and a wall clock for people and records. The core
 * packages never use `Date` or `setTimeout` directly (DESIGN rule 2).
 */
export interface Clock {
  /** Monotonic milliseconds, fractional; the origin is arbitrary. */
  now(): number;
  /** Milliseconds since the Unix epoch. May jump, so only for records and people. */
  wallNow(): number;
  /** Runs `callback` once after `delayMs` (any finite value >= 0, longer than 2^31 ms too). */
  setTimer(delayMs: number, callback: () => void): Timer;
}
