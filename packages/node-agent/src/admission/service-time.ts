import { modelKey } from '@drover/fleet';

/** Weight of the newest observation. */
const weight = 0.2;
/** Models remembered; the one not seen for longest is forgotten. */
const maxModels = 512;
/** Assumed of a model that has not been seen yet. */
export const unknownServiceMs = 1_000;

/**
 * How long a request for each model stays inside this Ollama, learnt from those that were answered whole. The mean is
 * moving and geometric: one answer that is a hundred times as long as the others must not be told to everyone who
 * asks for the usual short ones (an arithmetic mean told 60 s before a burst that lasted 6 s).
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

  /** What others have learnt: counts until one was seen here. */
  suggest(model: string, serviceMs: number): void {
    remember(this.#suggestedMs, modelKey(model), serviceMs);
  }

  /** Milliseconds; undefined until one was seen. */
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
 * What is left of a request that has been inside for `elapsedMs`. One that has outlived what was expected is of the
 * long kind: half as long again is expected of it, as of a distribution with a heavy tail.
 */
export function expectedRestMs(expectedMs: number, elapsedMs: number): number {
  return Math.max(expectedMs - elapsedMs, elapsedMs / 2);
}
