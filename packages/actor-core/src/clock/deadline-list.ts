import type { Clock, Timer } from '../clock.ts';
import type { Expiring } from './expiring.ts';

/**
 * Deadlines with one and the same timeout, which therefore expire in insertion order. Adding and removing are O(1), and
 * one clock timer serves all of them.
 */
export class DeadlineList {
  readonly #clock: Clock;
  readonly #timeoutMs: number;
  #head: Expiring | undefined = undefined;
  #tail: Expiring | undefined = undefined;
  #timer: Timer | undefined = undefined;

  constructor(clock: Clock, timeoutMs: number) {
    this.#clock = clock;
    this.#timeoutMs = timeoutMs;
  }

  /** Counts the list: the size is rarely needed. */
  get size(): number {
    let size = 0;
    for (let item = this.#head; item !== undefined; item = item.next) size++;
    return size;
  }

  get idle(): boolean {
    return this.#timer === undefined;
  }

  add(item: Expiring): void {
    item.deadline = this.#clock.now() + this.#timeoutMs;
    item.list = this;
    item.previous = this.#tail;
    if (this.#tail === undefined) this.#head = item;
    else this.#tail.next = item;
    this.#tail = item;
    if (this.#timer === undefined) this.#timer = this.#clock.setTimer(this.#timeoutMs, this.#sweep);
  }

  remove(item: Expiring): void {
    if (item.previous === undefined) this.#head = item.next;
    else item.previous.next = item.next;
    if (item.next === undefined) this.#tail = item.previous;
    else item.next.previous = item.previous;
    item.previous = undefined;
    item.next = undefined;
    item.list = undefined;
  }

  /** Expires everything now. */
  expireAll(): void {
    this.#timer?.cancel();
    this.#timer = undefined;
    for (let item = this.#head; item !== undefined; item = this.#head) {
      this.remove(item);
      item.expire();
    }
  }

  readonly #sweep = (): void => {
    this.#timer = undefined;
    const now = this.#clock.now();
    for (let item = this.#head; item !== undefined && item.deadline <= now; item = this.#head) {
      this.remove(item);
      item.expire();
    }
    if (this.#head !== undefined && this.#timer === undefined) {
      this.#timer = this.#clock.setTimer(this.#head.deadline - now, this.#sweep);
    }
  };
}
