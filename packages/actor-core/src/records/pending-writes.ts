/** Record writes that were handed to the writer and are not yet confirmed, by number. */
export class PendingWrites<T> {
  readonly #writes = new Map<number, T>();
  #next = 1;

  /** Returns the number of the new write. */
  begin(write: T): number {
    const number = this.#next++;
    this.#writes.set(number, write);
    return number;
  }

  /** Removes and returns a write that is now durable; undefined if its number is unknown. */
  finish(number: number): T | undefined {
    const write = this.#writes.get(number);
    this.#writes.delete(number);
    return write;
  }
}
