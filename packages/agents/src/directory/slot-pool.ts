/**
 * Subjects are never deleted, so records live in a fixed number of slots: fresh ones first, then those of
 * owners that are finished, the longest finished first.
 */
export class SlotPool {
  readonly #capacity: number;
  #next = 0;
  readonly #holes: number[] = [];
  /** Finished owners by id, in the order in which they finished. */
  readonly #finished = new Map<string, number>();

  constructor(capacity: number) {
    this.#capacity = capacity;
  }

  /** Takes over what the records say: every slot in use, and the finished owners, longest finished first. */
  load(taken: readonly number[], finished: readonly (readonly [owner: string, slot: number])[]): void {
    const inUse = new Set(taken);
    for (const slot of taken) this.#next = Math.max(this.#next, slot + 1);
    for (let slot = this.#next - 1; slot >= 0; slot--) {
      if (!inUse.has(slot)) this.#holes.push(slot);
    }
    for (const [owner, slot] of finished) this.#finished.set(owner, slot);
  }

  /** A slot for a new owner, and the finished owner that it takes it from, if any; undefined when all are in use. */
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

  /** Its slot may be taken when none is fresh. */
  finish(owner: string, slot: number): void {
    this.#finished.set(owner, slot);
  }
}
