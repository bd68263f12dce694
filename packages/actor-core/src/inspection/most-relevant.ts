import type { Inspected } from './relevance.ts';

/** An actor that the walk has visited, and its place in the tree. */
export interface Seen {
  readonly actor: Inspected;
  /** The parent, where it can be shown. */
  readonly parent: Seen | undefined;
  /** Number of actors visited before: parents before children, children in start order. */
  readonly order: number;
  readonly relevance: number;
  children: number;
}

/**
 * Keeps the `limit` most relevant of all visited actors, the earlier of equal ones. A binary heap, least relevant
 * first.
 */
export class MostRelevant {
  readonly #limit: number;
  readonly #heap: Seen[] = [];

  constructor(limit: number) {
    this.#limit = limit;
  }

  /** True when the next actor with this relevance would be kept. Saves an object for the others. */
  wants(relevance: number): boolean {
    return this.#heap.length < this.#limit || relevance > (this.#heap[0] as Seen).relevance;
  }

  add(seen: Seen): void {
    const heap = this.#heap;
    if (heap.length < this.#limit) {
      heap.push(seen);
      this.#rise(heap.length - 1);
    } else if (comesFirst(seen, heap[0] as Seen)) {
      heap[0] = seen;
      this.#sink();
    }
  }

  /** All kept actors, the most relevant first. */
  ranked(): Seen[] {
    return this.#heap.toSorted((a, b) => (comesFirst(a, b) ? -1 : 1));
  }

  #rise(from: number): void {
    const heap = this.#heap;
    const seen = heap[from] as Seen;
    let at = from;
    while (at > 0) {
      const up = (at - 1) >> 1;
      const above = heap[up] as Seen;
      if (!comesFirst(above, seen)) break;
      heap[at] = above;
      at = up;
    }
    heap[at] = seen;
  }

  #sink(): void {
    const heap = this.#heap;
    const seen = heap[0] as Seen;
    let at = 0;
    for (;;) {
      const left = 2 * at + 1;
      if (left >= heap.length) break;
      const right = left + 1;
      const isRightLess = right < heap.length && comesFirst(heap[left] as Seen, heap[right] as Seen);
      const least = isRightLess ? right : left;
      if (!comesFirst(seen, heap[least] as Seen)) break;
      heap[at] = heap[least] as Seen;
      at = least;
    }
    heap[at] = seen;
  }
}

function comesFirst(a: Seen, b: Seen): boolean {
  return a.relevance > b.relevance || (a.relevance === b.relevance && a.order < b.order);
}
