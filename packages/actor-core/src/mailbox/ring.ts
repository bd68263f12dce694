/** Returned by `Ring.shift` for an empty ring, since a message may itself be `undefined`. */
export const empty: unique symbol = Symbol('empty');

const initialSize = 8;
const keptSize = 1024;
const maxSpares = 256;

/** Empty slot arrays of idle rings, all of the initial size, to be reused. */
const spares: unknown[][] = [];

/**
 * Growing circular queue. An idle ring holds no slots, and a large array is released after its burst, so that idle
 * actors need little memory.
 *
 * Its private methods are static, since a private instance method costs 8 bytes in every ring.
 */
export class Ring {
  length = 0;
  #slots: unknown[] | undefined = undefined;
  #head = 0;
  #mask = 0;

  push(item: unknown): void {
    let slots = this.#slots;
    if (slots === undefined) slots = Ring.#takeSlots(this);
    else if (this.length > this.#mask) slots = Ring.#grow(this, slots);
    slots[(this.#head + this.length++) & this.#mask] = item;
  }

  shift(): unknown {
    if (this.length === 0) return empty;
    const slots = this.#slots as unknown[];
    const item = slots[this.#head];
    slots[this.#head] = undefined;
    this.#head = (this.#head + 1) & this.#mask;
    if (--this.length === 0 && this.#mask >= keptSize) Ring.#release(this);
    return item;
  }

  some(matches: (item: unknown) => boolean): boolean {
    for (let i = 0; i < this.length; i++)
      if (matches((this.#slots as unknown[])[(this.#head + i) & this.#mask])) return true;
    return false;
  }

  /** Adds an item at the front. */
  unshift(item: unknown): void {
    // `push` makes space; the item then moves from the back to the front.
    this.push(item);
    const slots = this.#slots as unknown[];
    slots[(this.#head + this.length - 1) & this.#mask] = undefined;
    this.#head = (this.#head - 1) & this.#mask;
    slots[this.#head] = item;
  }

  /**
   * The owner is idle: an empty ring of the initial size gives its slots to other rings. A ring that has grown keeps
   * its slots, since it would have to grow again.
   */
  rest(): void {
    const slots = this.#slots;
    if (slots === undefined || this.length !== 0 || this.#mask !== initialSize - 1) return;
    if (spares.length < maxSpares) spares.push(slots);
    Ring.#release(this);
  }

  static #takeSlots(ring: Ring): unknown[] {
    const slots = spares.pop() ?? [
      undefined,
      undefined,
      undefined,
      undefined,
      undefined,
      undefined,
      undefined,
      undefined,
    ];
    ring.#slots = slots;
    ring.#mask = initialSize - 1;
    return slots;
  }

  static #release(ring: Ring): void {
    ring.#slots = undefined;
    ring.#head = 0;
    ring.#mask = 0;
  }

  static #grow(ring: Ring, old: unknown[]): unknown[] {
    const size = old.length;
    // The slots twice in a row: the `size` slots from `head` on are the queue.
    const slots = old.concat(old);
    slots.fill(undefined, 0, ring.#head);
    slots.fill(undefined, ring.#head + size);
    ring.#slots = slots;
    ring.#mask = 2 * size - 1;
    return slots;
  }
}
