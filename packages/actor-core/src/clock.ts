/** A pending timer. Cancelling one that has fired or was cancelled does nothing. */
export interface Timer {
  /** It will not fire any more. */
  cancel(): void;
}

/**
 * Time as the rest of the code sees it: one monotonic clock for durations and deadlines, one wall clock for
 * people and records. The core packages never reach for `Date` or `setTimeout` themselves (DESIGN rule 2).
 */
export interface Clock {
  /** Monotonic milliseconds, fractional; the origin is arbitrary. */
  now(): number;
  /** Milliseconds since the Unix epoch. Only for records and people: it may jump. */
  wallNow(): number;
  /** Runs `callback` once after `delayMs` (any finite value >= 0, longer than 2^31 ms too). */
  setTimer(delayMs: number, callback: () => void): Timer;
}
