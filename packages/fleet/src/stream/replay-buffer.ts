/** Consecutive lines for one chunk. */
export interface LineRun {
  readonly lines: readonly string[];
  /** The last entry is a piece of a line that continues in the next number. */
  readonly continues: boolean;
}

/** Number of freed entries at the front at which the array is compacted, so that freeing takes O(1) on average. */
const compactAt = 1_024;

/**
 * The numbered lines that a sending end may have to send again: all that were produced and are not confirmed. Numbers
 * start at 1 and never repeat. The caller of `add` enforces the bound by `heldLines` and `heldBytes`.
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
  /** Number of the last line that was freed. */
  get freedThrough(): number {
    return this.#freedThrough;
  }

  /** Adds one line under the next number. `continues`: it is a piece of a line that continues in the next number. */
  add(line: string, bytes: number, continues = false): void {
    this.#lines.push(line);
    this.#sizes.push(bytes);
    this.#heldBytes += bytes;
    if (continues) this.#pieces.add(this.producedThrough);
  }

  /** The longest run of lines from `first` up to at most `through` that fits `maxBytes`; at least one line. */
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

  /** Frees the lines up to `number`, which were confirmed. */
  freeThrough(number: number): void {
    const through = Math.min(number, this.producedThrough);
    while (this.#freedThrough < through) {
      this.#heldBytes -= this.#sizes[this.#start] ?? 0;
      // Releases the memory of a long line before the compaction.
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

  /** Drops the lines after `number`, which will not be sent. The caller adds no lines afterwards. */
  dropAfter(number: number): void {
    while (this.producedThrough > Math.max(number, this.#freedThrough)) {
      this.#pieces.delete(this.producedThrough);
      this.#lines.pop();
      this.#heldBytes -= this.#sizes.pop() ?? 0;
    }
  }
}
