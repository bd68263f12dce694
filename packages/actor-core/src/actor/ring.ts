/** What `Ring.shift` returns when there is nothing; a message may itself be `undefined`. */
export const empty: unique symbol = Symbol('empty');

const initialSize = 4;
const keptSize = 1024;

/**
 * Growing circular queue. Idle it holds no array; after a burst it gives a large one back, so that a million
 * idle actors cost nothing here.
 */
export class Ring {
  length = 0;
  private slots: unknown[] | undefined = undefined;
  private head = 0;
  private mask = 0;

  push(item: unknown): void {
    if (this.slots === undefined) {
      this.slots = Array.from({ length: initialSize });
      this.mask = initialSize - 1;
    } else if (this.length > this.mask) {
      this.grow(this.slots);
    }
    this.slots[(this.head + this.length++) & this.mask] = item;
  }

  shift(): unknown {
    if (this.length === 0) return empty;
    const slots = this.slots as unknown[];
    const item = slots[this.head];
    slots[this.head] = undefined;
    this.head = (this.head + 1) & this.mask;
    if (--this.length === 0 && this.mask >= keptSize) this.release();
    return item;
  }

  /** Puts an item in front. */
  unshift(item: unknown): void {
    // Pushing makes room; the item then moves from the back to the front.
    this.push(item);
    const slots = this.slots as unknown[];
    slots[(this.head + this.length - 1) & this.mask] = undefined;
    this.head = (this.head - 1) & this.mask;
    slots[this.head] = item;
  }

  private release(): void {
    this.slots = undefined;
    this.head = 0;
    this.mask = 0;
  }

  private grow(old: unknown[]): void {
    const size = old.length * 2;
    const next = Array.from({ length: size });
    for (let i = 0; i < this.length; i++) next[i] = old[(this.head + i) & this.mask];
    this.slots = next;
    this.head = 0;
    this.mask = size - 1;
  }
}
