/**
 * A fixed number of slots for records. Each slot is a subject of the stream, and subjects are never deleted, so the
 * number of slots bounds the size of the stream. Free slots are used first, then those of finished owners, the longest
 * finished first.
 */
export class SlotPool {
  readonly #capacity: number;
  #next = 0;
  readonly #holes: number[] = [];
  /** Slots of finished owners by owner id, in the order in which they finished. */
  readonly #finished = new Map<string, number>();

  constructor(capacity: number) {
    this.#capacity = capacity;
  }

  /** Restores the pool from the records: all slots in use, and the finished owners, longest finished first. */
  load(taken: readonly number[], finished: readonly (readonly [owner: string, slot: number])[]): void {
    const inUse = new Set(taken);
    for (const slot of taken) this.#next = Math.max(this.#next, slot + 1);
    for (let slot = this.#next - 1; slot >= 0; slot--) {
      if (!inUse.has(slot)) this.#holes.push(slot);
    }
    for (const [owner, slot] of finished) this.#finished.set(owner, slot);
  }

  /** A slot for a new owner, and the finished owner that loses it, if any; undefined if no slot can be had. */
  take(): { readonly slot: number; readonly evicted?: string } | undefined {
    const hole = this.#holes.pop();
    if (hole !== undefined) return { slot: hole };
    if (this.#next < this.#capacity) return { slot: this.#next++ };
    for (const [evicted, slot] of this.#finished) {
      this.#finished.delete(evicted);
      return { slot, evicted };
    }
    return undefined;
  }

  /** Marks the owner as finished: its record is kept until a new owner needs the slot. */
  finish(owner: string, slot: number): void {
    this.#finished.set(owner, slot);
  }
}
