import { Envelope } from '../actor/envelope.ts';
import { Mailbox } from './mailbox.ts';
import type { MailboxOptions } from '../actor/mailbox-options.ts';
import { empty } from './ring.ts';

interface Entry {
  readonly item: unknown;
  readonly priority: number;
  /** Decides between equal priorities: the smaller order goes first. */
  readonly order: number;
}

/**
 * A mailbox whose data lane returns the message with the smallest priority number first; equal numbers in the order of
 * arrival. Control messages overtake all of them.
 */
export class PriorityMailbox extends Mailbox {
  readonly #priorityOf: (message: never) => number;
  /** Binary heap: each entry goes before the entries at `2i + 1` and `2i + 2`. */
  readonly #heap: Entry[] = [];
  #newest = 0;
  #frontmost = 0;

  constructor(options: MailboxOptions, priorityOf: (message: never) => number) {
    super(options);
    this.#priorityOf = priorityOf;
  }

  override push(item: unknown): void {
    this.#insert({ item, priority: this.#rank(item), order: ++this.#newest });
  }

  override unshift(item: unknown): void {
    this.#insert({ item, priority: this.#rank(item), order: --this.#frontmost });
  }

  override shift(): unknown {
    const heap = this.#heap;
    const [first] = heap;
    if (first === undefined) return empty;
    const last = heap.pop() as Entry;
    this.length--;
    if (heap.length > 0) this.#sink(last);
    return first.item;
  }

  override some(matches: (item: unknown) => boolean): boolean {
    return this.#heap.some(({ item }) => matches(item));
  }

  #insert(entry: Entry): void {
    const heap = this.#heap;
    let at = heap.length;
    this.length++;
    while (at > 0) {
      const up = (at - 1) >> 1;
      const above = heap[up] as Entry;
      if (!goesBefore(entry, above)) break;
      heap[at] = above;
      at = up;
    }
    heap[at] = entry;
  }

  /** Inserts an entry at the root and lets it sink to its place. */
  #sink(entry: Entry): void {
    const heap = this.#heap;
    let at = 0;
    for (;;) {
      const left = 2 * at + 1;
      if (left >= heap.length) break;
      const right = left + 1;
      const below =
        right < heap.length && goesBefore(heap[right] as Entry, heap[left] as Entry) ? right : left;
      if (!goesBefore(heap[below] as Entry, entry)) break;
      heap[at] = heap[below] as Entry;
      at = below;
    }
    heap[at] = entry;
  }

  #rank(item: unknown): number {
    if (item instanceof Envelope && item.signal !== undefined) return Number.NEGATIVE_INFINITY;
    const message = item instanceof Envelope ? item.message : item;
    try {
      const priority = this.#priorityOf(message as never);
      return Number.isNaN(priority) ? Number.POSITIVE_INFINITY : priority;
    } catch {
      // A send never throws: a message without a priority comes last, and its handler sees the problem.
      return Number.POSITIVE_INFINITY;
    }
  }
}

function goesBefore(a: Entry, b: Entry): boolean {
  return a.priority < b.priority || (a.priority === b.priority && a.order < b.order);
}
