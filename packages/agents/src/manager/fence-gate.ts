/**
 * The receiver's half of the fence: orders of a deposed leader are refused. The fence is the sequence of the lead
 * record, which only grows within its stream, so a higher one always belongs to a later leadership.
 */
export class FenceGate {
  #highest: number | undefined;

  /** Highest fence known; undefined until the lead record was read, and nobody is obeyed before. */
  get highest(): number | undefined {
    return this.#highest;
  }

  /** The lead record was read; 0 = there is none yet. */
  open(sequence: number): void {
    this.#highest = Math.max(this.#highest ?? 0, sequence);
  }

  /** Whether to obey an order of that fence. */
  admit(fence: number): boolean {
    if (this.#highest === undefined || fence < this.#highest) return false;
    this.#highest = fence;
    return true;
  }
}
