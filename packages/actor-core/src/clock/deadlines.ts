import type { Clock } from '../clock.ts';
import { DeadlineHeap } from './deadline-heap.ts';
import { DeadlineList } from './deadline-list.ts';
import type { Expiring } from './expiring.ts';

/** Number of lists above which lists without a timer are removed. */
const maxIdleLists = 64;

/**
 * All deadlines of one system: a list for each distinct timeout, of which a program has few, and a heap for timeouts
 * that are derived from another deadline and nearly all differ.
 */
export class Deadlines {
  readonly #clock: Clock;
  readonly #lists = new Map<number, DeadlineList>();
  readonly #others: DeadlineHeap;

  constructor(clock: Clock) {
    this.#clock = clock;
    this.#others = new DeadlineHeap(clock);
  }

  add(item: Expiring, timeoutMs: number): void {
    let list = this.#lists.get(timeoutMs);
    if (list === undefined) {
      if (this.#lists.size >= maxIdleLists) this.#forgetIdle();
      list = new DeadlineList(this.#clock, timeoutMs);
      this.#lists.set(timeoutMs, list);
    }
    list.add(item);
  }

  /** As `add`, for a timeout value that is rarely used again. */
  addOnce(item: Expiring, timeoutMs: number): void {
    this.#others.add(item, timeoutMs);
  }

  get size(): number {
    let { size } = this.#others;
    for (const list of this.#lists.values()) size += list.size;
    return size;
  }

  expireAll(): void {
    for (const list of this.#lists.values()) list.expireAll();
    this.#others.expireAll();
  }

  #forgetIdle(): void {
    for (const [timeoutMs, list] of this.#lists) {
      if (list.idle) this.#lists.delete(timeoutMs);
    }
  }
}
