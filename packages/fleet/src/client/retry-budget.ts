/** Limits of the budget; the fields of `FleetConfig`. */
export interface RetryLimits {
  /** Retries that each request pays for, in percent of one. */
  readonly retryPercent: number;
  /** Retries a second that nobody has to pay for. */
  readonly retryFloorPerSecond: number;
  /** Retries saved up at most. */
  readonly retryBurst: number;
}

/**
 * How many requests may still be sent to a second host because a first one refused or broke: a token bucket. In an
 * outage, when every host refuses, retries then add at most `retryPercent` to the load, beyond the floor, in place of
 * doubling it. Full at the start.
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

  /** A request came. */
  earn(): void {
    this.#add(this.#limits.retryPercent);
  }

  /** Takes one retry; false if there is none left. */
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
