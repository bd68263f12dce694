import { modelKey } from '@drover/fleet';

const maxModels = 512;

/**
 * Instants at which one Ollama last sent a byte of an answer: for each model, and for all models. Jobs write the
 * instants, the instance reads them.
 */
export class RecentBytes {
  readonly #atMs = new Map<string, number>();
  #lastAtMs = Number.NEGATIVE_INFINITY;

  /** Instant of the newest byte of any answer; `-Infinity` before the first. */
  get lastAtMs(): number {
    return this.#lastAtMs;
  }

  note(model: string, nowMs: number): void {
    const key = modelKey(model);
    if (!this.#atMs.has(key) && this.#atMs.size >= maxModels) this.#atMs.clear();
    this.#atMs.set(key, nowMs);
    this.#lastAtMs = nowMs;
  }

  /** Instant of the newest byte of an answer of the model; `-Infinity` if none is known. */
  of(model: string): number {
    return this.#atMs.get(modelKey(model)) ?? Number.NEGATIVE_INFINITY;
  }
}
