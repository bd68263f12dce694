/**
 * Runs one question for many askers, one run at a time. Askers that arrive during a run share the next run, so that
 * every asker gets an answer that was produced after it asked.
 */
export class SharedQuestion<Answer> {
  readonly #ask: () => Promise<Answer>;
  #now: Promise<Answer> | undefined;
  #next: Promise<Answer> | undefined;

  constructor(ask: () => Promise<Answer>) {
    this.#ask = ask;
  }

  ask(): Promise<Answer> {
    if (this.#now === undefined) return this.#begin();
    const again = (): Promise<Answer> => {
      this.#next = undefined;
      return this.#begin();
    };
    this.#next ??= this.#now.then(again, again);
    return this.#next;
  }

  #begin(): Promise<Answer> {
    const now = this.#ask().finally(() => {
      this.#now = undefined;
    });
    this.#now = now;
    return now;
  }
}
