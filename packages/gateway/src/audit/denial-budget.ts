/** Denials of one gateway that are recorded one by one, at first and from then on each second. */
const burst = 100;
const perSecond = 1;

/**
 * Bounds the records that callers without rights can cause: anybody can be refused as often as they like, and each
 * record takes room from those of others.
 */
export class DenialBudget {
  #left = burst;
  #atMs: number;

  constructor(nowMs: number) {
    this.#atMs = nowMs;
  }

  /** Whether the next denial gets a record of its own. */
  take(nowMs: number): boolean {
    this.#left = Math.min(burst, this.#left + ((nowMs - this.#atMs) / 1_000) * perSecond);
    this.#atMs = nowMs;
    if (this.#left < 1) return false;
    this.#left--;
    return true;
  }
}
