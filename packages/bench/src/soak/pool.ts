/** Items that are used by one operation at a time. An operation waits while all items are in use. */
export class Pool<T> {
  readonly #idle: T[];
  readonly #waiting: ((thing: T) => void)[] = [];

  /** Keeps a reference to the array: the caller may still add items to it. */
  constructor(things: T[]) {
    this.#idle = things;
  }

  async use(work: (thing: T) => Promise<void>): Promise<void> {
    const thing = this.#idle.shift() ?? (await new Promise<T>((resolve) => this.#waiting.push(resolve)));
    try {
      await work(thing);
    } finally {
      const next = this.#waiting.shift();
      if (next === undefined) this.#idle.push(thing);
      else next(thing);
    }
  }
}
