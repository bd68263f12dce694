import { type ModelListing, type ModelLoad, modelKey, type OllamaRunning } from '@drover/fleet';
import type { Listing } from '../ollama/listing.ts';
import {
  type ModelList,
  listingPage,
  emptyModelList,
  findModel,
  isLoaded,
  type ModelCounts,
  modelLoads,
  updateModelList,
} from './model-list.ts';

/**
 * The known models of one Ollama, from three sources: probes, queries for loaded models, and the answers to requests.
 * Of two contradicting sources the one whose query started later is used.
 */
export class KnownListing {
  readonly #instance: string;
  readonly #nextRevision: () => number;
  #list: ModelList = emptyModelList;
  /** Start of the query for the known `running`. */
  #runningAskedAtMs = Number.NEGATIVE_INFINITY;
  /**
   * Models that have answered since that instant, by `modelKey`, with the instant of the answer: they are loaded even
   * if the list does not contain them.
   */
  readonly #answeredAtMs = new Map<string, number>();

  constructor(instance: string, nextRevision: () => number) {
    this.#instance = instance;
    this.#nextRevision = nextRevision;
  }

  get version(): string {
    return this.#list.version;
  }

  get revision(): number {
    return this.#list.revision;
  }

  /** The name under which this Ollama lists `model`, or undefined. */
  find(model: string): string | undefined {
    return findModel(this.#list, model);
  }

  /** The answer to `describe` from the tag with index `from` on, at most `limitBytes`. */
  message(from: number, limitBytes?: number): ModelListing {
    return listingPage(this.#list, this.#instance, from, limitBytes);
  }

  /** The models of a load report. */
  loads(counts: ReadonlyMap<string, ModelCounts>): ModelLoad[] {
    return modelLoads(this.#list, counts, this.#answeredAtMs);
  }

  /** Whether the last answer of Ollama lists the model as loaded. */
  listsAsLoaded(model: string): boolean {
    return isLoaded(this.#list.running, model);
  }

  /** Instant of the `ps` query whose answer is known; `-Infinity` before the first answer. */
  get runningAskedAtMs(): number {
    return this.#runningAskedAtMs;
  }

  /** The model's entry in the last `ps` answer; undefined if the model is not listed. */
  running(model: string): OllamaRunning | undefined {
    const wanted = modelKey(model);
    return this.#list.running.find(({ name }) => modelKey(name) === wanted);
  }

  /** Whether Ollama lists the capability for the model; false for versions of Ollama that list no capabilities. */
  hasCapability(model: string, capability: string): boolean {
    const wanted = modelKey(model);
    const listed = this.#list.tags.find(({ name }) => modelKey(name) === wanted)?.['capabilities'];
    return Array.isArray(listed) && listed.includes(capability);
  }

  /** True if the model is known to be loaded: `ps` lists it, or it has answered since that query. */
  isLoaded(model: string): boolean {
    return this.listsAsLoaded(model) || this.#answeredAtMs.has(modelKey(model));
  }

  /** Records that a model answered: it counts as loaded until a later query of Ollama shows otherwise. */
  answered(model: string, nowMs: number): void {
    this.#answeredAtMs.set(modelKey(model), nowMs);
  }

  /** Stores the result of a probe that started at this instant. */
  probed(listing: Listing, beganAtMs: number): void {
    const running = this.#isNewer(listing.running, beganAtMs) ? listing.running : undefined;
    this.#list = updateModelList(this.#list, { ...listing, running }, this.#nextRevision);
  }

  /** Stores the answer of a `ps` query that started at this instant; undefined if there was no answer in time. */
  listed(running: readonly OllamaRunning[] | undefined, askedAtMs: number): void {
    if (!this.#isNewer(running, askedAtMs)) return;
    this.#list = updateModelList(this.#list, { ...this.#list, running }, this.#nextRevision);
  }

  /** Records the instant of the newest `running`. */
  #isNewer(running: readonly OllamaRunning[] | undefined, askedAtMs: number): boolean {
    if (running === undefined || askedAtMs < this.#runningAskedAtMs) return false;
    this.#runningAskedAtMs = askedAtMs;
    for (const [key, answeredAtMs] of this.#answeredAtMs)
      if (answeredAtMs <= askedAtMs) this.#answeredAtMs.delete(key);
    return true;
  }
}
