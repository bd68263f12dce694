import type { Clock, Timer } from '../clock.ts';
import type { Expiring } from './expiring.ts';

/** Most removed items that stay in the heap before they are cleared together. */
const maxRemoved = 64;

/**
 * Deadlines with many different timeouts, such as those derived from another deadline: a binary heap, with one clock
 * timer for the earliest.
 */
export class DeadlineHeap {
  readonly #clock: Clock;
  #heap: Expiring[] = [];
  #removed = 0;
  #timer: Timer | undefined = undefined;
  #timerAtMs = 0;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  get size(): number {
    return this.#heap.length - this.#removed;
  }

  add(item: Expiring, timeoutMs: number): void {
    item.deadline = this.#clock.now() + timeoutMs;
    item.list = this;
    this.#push(item);
    this.#arm();
  }

  remove(item: Expiring): void {
    item.list = undefined;
    this.#removed++;
    if (this.size === 0) this.#clear();
    else if (this.#removed > maxRemoved && this.#removed * 2 > this.#heap.length) this.#compact();
  }

  /** Expires everything now. */
  expireAll(): void {
    const items = this.#heap.filter((item) => item.list === this);
    this.#clear();
    for (const item of items) {
      if (item.list !== this) continue;
      item.list = undefined;
      item.expire();
    }
  }

  #clear(): void {
    this.#heap = [];
    this.#removed = 0;
    this.#timer?.cancel();
    this.#timer = undefined;
  }

  #compact(): void {
    const items = this.#heap.filter((item) => item.list === this);
    this.#heap = [];
    this.#removed = 0;
    for (const item of items) this.#push(item);
  }

  #arm(): void {
    const first = this.#heap[0];
    if (first === undefined || (this.#timer !== undefined && this.#timerAtMs <= first.deadline)) return;
    this.#timer?.cancel();
    this.#timerAtMs = first.deadline;
    this.#timer = this.#clock.setTimer(Math.max(0, first.deadline - this.#clock.now()), this.#sweep);
  }

  readonly #sweep = (): void => {
    this.#timer = undefined;
    const nowMs = this.#clock.now();
    for (let first = this.#heap[0]; first !== undefined && first.deadline <= nowMs; first = this.#heap[0]) {
      this.#pop();
      if (first.list !== this) this.#removed--;
      else {
        first.list = undefined;
        first.expire();
      }
    }
    this.#arm();
  };

  #push(item: Expiring): void {
    const heap = this.#heap;
    let at = heap.length;
    heap.push(item);
    while (at > 0) {
      const up = (at - 1) >> 1;
      const parent = heap[up] as Expiring;
      if (parent.deadline <= item.deadline) break;
      heap[at] = parent;
      at = up;
    }
    heap[at] = item;
  }

  #pop(): void {
    const heap = this.#heap;
    const last = heap.pop() as Expiring;
    if (heap.length === 0) return;
    let at = 0;
    for (;;) {
      let down = 2 * at + 1;
      if (down >= heap.length) break;
      const right = heap[down + 1];
      if (right !== undefined && right.deadline < (heap[down] as Expiring).deadline) down++;
      const child = heap[down] as Expiring;
      if (child.deadline >= last.deadline) break;
      heap[at] = child;
      at = down;
    }
    heap[at] = last;
  }
}
