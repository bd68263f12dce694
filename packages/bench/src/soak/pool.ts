/** Things of which each is used by one at a time; who comes when all are in use waits. */
export class Pool<T> {
  readonly #idle: T[];
  readonly #waiting: ((thing: T) => void)[] = [];

  /** Keeps the array, to which things may still be added. */
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
