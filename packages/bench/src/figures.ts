import { median, type Spread, spread } from './statistics.ts';

/** All measured values, by figure and arm, in the order of the rounds. */
export class Figures {
  readonly #values = new Map<string, Map<string, number[]>>();

  add(figure: string, arm: string, value: number): void {
    const arms = this.#values.get(figure) ?? new Map<string, number[]>();
    this.#values.set(figure, arms);
    const rounds = arms.get(arm) ?? [];
    arms.set(arm, rounds);
    rounds.push(value);
  }

  /** Names of the figures that begin with a text, in the order in which they were first measured. */
  names(prefix: string): string[] {
    return [...this.#values.keys()].filter((figure) => figure.startsWith(prefix));
  }

  spread(figure: string, arm: string): Spread | undefined {
    const rounds = this.#values.get(figure)?.get(arm);
    return rounds === undefined ? undefined : spread(rounds);
  }

  /** Median over the rounds of `arm / other` within one round; undefined when one of them was not measured. */
  ratio(figure: string, arm: string, other: string): number | undefined {
    const ours = this.#values.get(figure)?.get(arm);
    const theirs = this.#values.get(figure)?.get(other);
    if (ours === undefined || theirs === undefined) return undefined;
    const pairs = ours.flatMap((value, round) => {
      const against = theirs[round];
      return against === undefined ? [] : [value / against];
    });
    return pairs.length === 0 ? undefined : median(pairs);
  }
}
