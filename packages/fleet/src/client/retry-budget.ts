/** Limits of the budget; the fields of `FleetConfig`. */
export interface RetryLimits {
  /** Part of a retry that each request adds to the budget, in percent. */
  readonly retryPercent: number;
  /** Retries a second that are allowed without any requests. */
  readonly retryFloorPerSecond: number;
  /** Largest number of retries that the budget holds. */
  readonly retryBurst: number;
}

/**
 * Retry budget: a token bucket that limits how many requests are sent to another host after a host refused or failed.
 * When every host refuses, retries add at most `retryPercent` to the load beyond the floor, instead of multiplying it.
 * Full at the start.
 */
export class RetryBudget {
  readonly #limits: RetryLimits;
  /** In hundredths of a retry, so that whole percents add up exactly. */
  #hundredths: number;
  #atMs: number;

  constructor(limits: RetryLimits, nowMs: number) {
    this.#limits = limits;
    this.#hundredths = limits.retryBurst * 100;
    this.#atMs = nowMs;
  }

  /** Adds the share of one request. */
  earn(): void {
    this.#add(this.#limits.retryPercent);
  }

  /** Takes one retry; false when the budget is empty. */
  take(nowMs: number): boolean {
    this.#add(((nowMs - this.#atMs) * this.#limits.retryFloorPerSecond) / 10);
    this.#atMs = nowMs;
    if (this.#hundredths < 100) return false;
    this.#hundredths -= 100;
    return true;
  }

  #add(hundredths: number): void {
    this.#hundredths = Math.min(this.#limits.retryBurst * 100, this.#hundredths + hundredths);
  }
}
