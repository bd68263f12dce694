/** Counts which recorded exchanges agree with the answers of the server under test. */
export class Agreement {
  readonly #exceptions: Readonly<Record<string, string>>;
  readonly #agreed: string[] = [];
  readonly #disagreed: string[] = [];
  readonly #excepted: string[] = [];

  /** @param exceptions exchanges that may differ, each with its reason; the key is `group/name` */
  constructor(exceptions: Readonly<Record<string, string>>) {
    this.#exceptions = exceptions;
  }

  /** Records the differences of one exchange, named `group/name`. */
  add(name: string, differences: readonly string[]): void {
    const reason = this.#exceptions[name];
    if (differences.length === 0) this.#agreed.push(name);
    else if (reason !== undefined) this.addException(name, reason);
    else this.#disagreed.push(`${name}: ${differences.join('; ')}`);
  }

  addException(name: string, reason: string): void {
    this.#excepted.push(`${name}: ${reason}`);
  }

  /** One line for each exchange of the group that differs and is not an exception. */
  disagreements(group: string): readonly string[] {
    return this.#disagreed.filter((line) => line.startsWith(`${group}/`));
  }

  /** Share of the exchanges that agree, in percent. */
  get percent(): number {
    return (this.#agreed.length / this.#total) * 100;
  }

  /** Text of a report: the share that agrees, then each exception with its reason. */
  report(title: string): string {
    const share = `${title}: ${this.#agreed.length} of ${this.#total} agree (${this.percent.toFixed(1)} %)`;
    return [share, ...this.#excepted.map((line) => `${title}, exception: ${line}`), ''].join('\n');
  }

  get #total(): number {
    return this.#agreed.length + this.#disagreed.length + this.#excepted.length;
  }
}
