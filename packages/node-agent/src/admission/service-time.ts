import { modelKey } from '@drover/fleet';

/** Weight of the newest observation. */
const weight = 0.2;
/** Largest number of models in memory; the least recently observed model is removed first. */
const maxModels = 512;
/** Service time assumed for a model without observations. */
const unknownServiceMs = 1_000;

/**
 * Service time of each model on this Ollama, learnt from complete answers. The estimate is a moving geometric mean, so
 * that one answer that takes a hundred times as long as usual does not dominate it (an arithmetic mean predicted 60 s
 * for a burst that took 6 s).
 */
export class ServiceTimes {
  /** Natural logarithm of milliseconds, by `modelKey`; in order of last observation. */
  readonly #logMs = new Map<string, number>();
  readonly #suggestedMs = new Map<string, number>();

  observe(model: string, seenMs: number): void {
    const key = modelKey(model);
    const seen = Math.log(Math.max(1, seenMs));
    const known = this.#logMs.get(key);
    remember(this.#logMs, key, known === undefined ? seen : known + weight * (seen - known));
  }

  /** Sets the value that other instances have learnt. It is used until this Ollama has completed a first answer. */
  suggest(model: string, serviceMs: number): void {
    remember(this.#suggestedMs, modelKey(model), serviceMs);
  }

  /** Milliseconds; undefined before the first observation. */
  learntMs(model: string): number | undefined {
    const known = this.#logMs.get(modelKey(model));
    return known === undefined ? undefined : Math.round(Math.exp(known));
  }

  expectedMs(model: string): number {
    return this.learntMs(model) ?? this.#suggestedMs.get(modelKey(model)) ?? unknownServiceMs;
  }
}

function remember(known: Map<string, number>, key: string, value: number): void {
  known.delete(key);
  known.set(key, value);
  const oldest = known.keys().next();
  if (known.size > maxModels && oldest.done === false) known.delete(oldest.value);
}

/**
 * Expected remaining time of a request that has run for `elapsedMs`. A request that runs longer than expected is
 * assumed to need another half of its elapsed time, as in a heavy-tailed distribution.
 */
export function expectedRestMs(expectedMs: number, elapsedMs: number): number {
  return Math.max(expectedMs - elapsedMs, elapsedMs / 2);
}
