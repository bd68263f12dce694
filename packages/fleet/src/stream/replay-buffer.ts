/** A run of consecutive lines as one chunk carries them. */
export interface LineRun {
  readonly lines: readonly string[];
  /** The last entry is a piece of a line that goes on in the next number. */
  readonly continues: boolean;
}

/** Freed slots at the front are cut off when there are this many, so that freeing stays O(1) on average. */
const compactAt = 1_024;

/**
 * The numbered lines a sending end still may have to send again: everything produced and not yet confirmed.
 * Numbers start at 1 and never repeat. Who adds to it keeps it bounded by looking at `heldLines`, `heldBytes`.
 */
export class ReplayBuffer {
  #lines: string[] = [];
  #sizes: number[] = [];
  readonly #pieces = new Set<number>();
  /** Index in the arrays of the first line held. */
  #start = 0;
  #freedThrough = 0;
  #heldBytes = 0;

  get heldLines(): number {
    return this.#lines.length - this.#start;
  }
  get heldBytes(): number {
    return this.#heldBytes;
  }
  /** Number of the newest line ever added. */
  get producedThrough(): number {
    return this.#freedThrough + this.heldLines;
  }
  /** Lines up to here are gone. */
  get freedThrough(): number {
    return this.#freedThrough;
  }

  /** Adds one line under the next number. `continues`: it is a piece, and the next number carries on. */
  add(line: string, bytes: number, continues = false): void {
    this.#lines.push(line);
    this.#sizes.push(bytes);
    this.#heldBytes += bytes;
    if (continues) this.#pieces.add(this.producedThrough);
  }

  /** The longest run from `first` through at most `through` within `maxBytes`; one line at least. */
  run(first: number, through: number, maxBytes: number): LineRun {
    const from = this.#start + first - this.#freedThrough - 1;
    let to = from;
    let bytes = 0;
    let continues = false;
    for (let number = first; number <= through; number += 1) {
      const size = this.#sizes[to] ?? 0;
      if (to > from && bytes + size > maxBytes) break;
      bytes += size;
      to += 1;
      if (this.#pieces.size > 0 && this.#pieces.has(number)) {
        continues = true;
        break;
      }
    }
    return { lines: this.#lines.slice(from, to), continues };
  }

  /** Forgets lines through `number`: they were confirmed. */
  freeThrough(number: number): void {
    const through = Math.min(number, this.producedThrough);
    while (this.#freedThrough < through) {
      this.#heldBytes -= this.#sizes[this.#start] ?? 0;
      // The slot is blanked at once: a long line must not wait for the compaction.
      this.#lines[this.#start] = '';
      this.#start += 1;
      this.#freedThrough += 1;
      if (this.#pieces.size > 0) this.#pieces.delete(this.#freedThrough);
    }
    if (this.#start >= compactAt && this.#start * 2 >= this.#lines.length) {
      this.#lines = this.#lines.slice(this.#start);
      this.#sizes = this.#sizes.slice(this.#start);
      this.#start = 0;
    }
  }

  /** Forgets lines after `number`: they will never be sent, and their numbers are not given out again by the caller. */
  dropAfter(number: number): void {
    while (this.producedThrough > Math.max(number, this.#freedThrough)) {
      this.#pieces.delete(this.producedThrough);
      this.#lines.pop();
      this.#heldBytes -= this.#sizes.pop() ?? 0;
    }
  }
}
