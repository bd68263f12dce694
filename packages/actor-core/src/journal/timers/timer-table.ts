/** A durable timer. Plain data, stored in entries and snapshots. */
export interface DurableTimer {
  /** Name within its journal; a timer with the same key replaces it. */
  readonly key: string;
  /** Identity of this setting of the timer. A handler that sees an id again has seen the timer before. */
  readonly id: string;
  /** Earliest instant at which it fires, in milliseconds since the epoch by the server's wall clock. */
  readonly atMs: number;
  /** What was stored with it: JSON. */
  readonly payload: unknown;
}

/** A change of the timers, stored together with the events of a command. */
export type TimerChange = { readonly set: DurableTimer } | { readonly cancel: string };

/** The timers of one journal, by key; the next one that fires is found without a search through all. */
export class TimerTable {
  readonly #timers = new Map<string, DurableTimer>();
  /** A binary heap by instant. It may hold timers that were replaced or cancelled. */
  readonly #heap: DurableTimer[] = [];

  constructor(timers: readonly DurableTimer[] = []) {
    for (const timer of timers) this.apply({ set: timer });
  }

  get size(): number {
    return this.#timers.size;
  }

  get(key: string): DurableTimer | undefined {
    return this.#timers.get(key);
  }

  /** All timers, for a snapshot. */
  all(): DurableTimer[] {
    return [...this.#timers.values()];
  }

  apply(change: TimerChange): void {
    if ('cancel' in change) this.#timers.delete(change.cancel);
    else {
      this.#timers.set(change.set.key, change.set);
      this.#push(change.set);
    }
    // Without this, timers that are set again and again would fill the heap.
    if (this.#heap.length > 64 && this.#heap.length > 2 * this.#timers.size) this.#rebuild();
  }

  /** The timer that fires first. */
  next(): DurableTimer | undefined {
    for (let first = this.#heap[0]; first !== undefined; first = this.#heap[0]) {
      if (this.#timers.get(first.key) === first) return first;
      this.#pop();
    }
    return undefined;
  }

  #rebuild(): void {
    this.#heap.length = 0;
    for (const timer of this.#timers.values()) this.#push(timer);
  }

  #push(timer: DurableTimer): void {
    const heap = this.#heap;
    let at = heap.length;
    heap.push(timer);
    while (at > 0) {
      const up = (at - 1) >> 1;
      const parent = heap[up] as DurableTimer;
      if (!isBefore(timer, parent)) break;
      heap[at] = parent;
      at = up;
    }
    heap[at] = timer;
  }

  #pop(): void {
    const heap = this.#heap;
    const last = heap.pop();
    if (last === undefined || heap.length === 0) return;
    let at = 0;
    for (;;) {
      const left = 2 * at + 1;
      if (left >= heap.length) break;
      const right = left + 1;
      const least =
        right < heap.length && isBefore(heap[right] as DurableTimer, heap[left] as DurableTimer)
          ? right
          : left;
      const child = heap[least] as DurableTimer;
      if (!isBefore(child, last)) break;
      heap[at] = child;
      at = least;
    }
    heap[at] = last;
  }
}

/** By instant, then by id, so that the order is the same in every run. */
function isBefore(a: DurableTimer, b: DurableTimer): boolean {
  return a.atMs < b.atMs || (a.atMs === b.atMs && a.id < b.id);
}
