import { modelKey } from '@drover/fleet';

/** Most model names whose keys are kept, and most models whose instants are kept. */
const maxModels = 512;

/**
 * Instants at which one Ollama last sent a byte of an answer: for each model, and for all models. Jobs write the
 * instants, the instance reads them.
 */
export class RecentBytes {
  readonly #atMs = new Map<string, number>();
  /** Key of each name that jobs wrote: the key of a name is not made for every token. */
  readonly #keys = new Map<string, string>();
  #lastAtMs = Number.NEGATIVE_INFINITY;

  /** Instant of the newest byte of any answer; `-Infinity` before the first. */
  get lastAtMs(): number {
    return this.#lastAtMs;
  }

  note(model: string, nowMs: number): void {
    const key = this.#keyOf(model);
    if (!this.#atMs.has(key) && this.#atMs.size >= maxModels) this.#atMs.clear();
    this.#atMs.set(key, nowMs);
    this.#lastAtMs = nowMs;
  }

  /** Instant of the newest byte of an answer of the model; `-Infinity` if none is known. */
  of(model: string): number {
    return this.#atMs.get(modelKey(model)) ?? Number.NEGATIVE_INFINITY;
  }

  #keyOf(model: string): string {
    let key = this.#keys.get(model);
    if (key !== undefined) return key;
    key = modelKey(model);
    if (this.#keys.size >= maxModels) this.#keys.clear();
    this.#keys.set(model, key);
    return key;
  }
}
