/** What `Ring.shift` returns when there is nothing; a message may itself be `undefined`. */
export const empty: unique symbol = Symbol('empty');

const initialSize = 8;
const keptSize = 1024;
const maxSpares = 256;

/** Empty slots of queues at rest, all of the initial size, for whoever needs some next. */
const spares: unknown[][] = [];

/**
 * Growing circular queue. At rest it holds no slots, and a large array is given back after its burst, so that a
 * million idle actors cost nothing here.
 *
 * Its private methods are static, since a private instance method costs a word in every ring.
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

  /** Puts an item in front. */
  unshift(item: unknown): void {
    // Pushing makes room; the item then moves from the back to the front.
    this.push(item);
    const slots = this.#slots as unknown[];
    slots[(this.#head + this.length - 1) & this.#mask] = undefined;
    this.#head = (this.#head - 1) & this.#mask;
    slots[this.#head] = item;
  }

  /**
   * Whoever uses this waits for something new: an empty queue that never had to grow lends its slots to the others.
   * One that grew is busy and would only have to grow again.
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
    // Twice the same, one after the other: from `head` on, the next `size` of them are the queue.
    const slots = old.concat(old);
    slots.fill(undefined, 0, ring.#head);
    slots.fill(undefined, ring.#head + size);
    ring.#slots = slots;
    ring.#mask = 2 * size - 1;
    return slots;
  }
}
