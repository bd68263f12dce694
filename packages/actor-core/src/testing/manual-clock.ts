import type { Clock, Timer } from '../clock.ts';

interface Entry {
  readonly dueMs: number;
  readonly order: number;
  readonly callback: () => void;
}

/**
 * A clock that stands still until a test moves it. Timers fire in the order of their due times; timers with the same
 * due time in the order in which they were set.
 */
export class ManualClock implements Clock {
  #nowMs = 0;
  readonly #epochMs: number;
  #orders = 0;
  #entries: Entry[] = [];

  /** `epochMs`: the wall clock at the start. @default 2026-01-01 */
  constructor(epochMs: number = 1_767_225_600_000) {
    this.#epochMs = epochMs;
  }

  now(): number {
    return this.#nowMs;
  }

  wallNow(): number {
    return this.#epochMs + this.#nowMs;
  }

  setTimer(delayMs: number, callback: () => void): Timer {
    const entry: Entry = { dueMs: this.#nowMs + Math.max(0, delayMs), order: this.#orders++, callback };
    this.#entries.splice(this.#placeOf(entry), 0, entry);
    return {
      cancel: () => {
        const index = this.#placeOf(entry);
        if (this.#entries[index] === entry) this.#entries.splice(index, 1);
      },
    };
  }

  /** Where the entry is, or belongs: the entries are sorted by due time, then by order. */
  #placeOf({ dueMs, order }: Entry): number {
    let low = 0;
    let high = this.#entries.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      const other = this.#entries[middle] as Entry;
      if (other.dueMs < dueMs || (other.dueMs === dueMs && other.order < order)) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  /** Number of pending timers. */
  get pending(): number {
    return this.#entries.length;
  }

  /** Due time of the next timer, or undefined. */
  get nextDueMs(): number | undefined {
    return this.#entries[0]?.dueMs;
  }

  /**
   * Advances time and fires all timers that become due, also those that these timers set. Turns that they schedule run
   * when their scheduler runs them: `advance` from this testkit does both.
   */
  advance(ms: number): void {
    const until = this.#nowMs + ms;
    while (this.fireNext(until));
    this.#nowMs = until;
  }

  /** Advances to the next timer and fires it, if it is due by `untilMs`. */
  fireNext(untilMs: number): boolean {
    const entry = this.#entries[0];
    if (entry === undefined || entry.dueMs > untilMs) return false;
    this.#entries.shift();
    this.#nowMs = Math.max(this.#nowMs, entry.dueMs);
    entry.callback();
    return true;
  }
}
