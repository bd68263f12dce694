import type { Clock, Timer } from '../clock.ts';
import { DeadlineHeap } from './deadline-heap.ts';

/** Something that expires unless it is removed first. Linked into one list of its deadline queue. */
export interface Expiring {
  deadline: number;
  previous: Expiring | undefined;
  next: Expiring | undefined;
  /** The list or heap that holds this deadline; undefined after removal or expiry. */
  list: { remove(item: Expiring): void } | undefined;
  expire(): void;
}

/**
 * Deadlines that all are the same time after their start, so that they expire in insertion order: adding and
 * removing are O(1) and one clock timer serves them all.
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

  /** How many wait: counted, since nobody needs it often. */
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

const maxIdleLists = 64;

/**
 * All deadlines of one system: one list for each distinct timeout, few in any program, and a heap for those derived
 * from another deadline, whose timeouts nearly all differ.
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
