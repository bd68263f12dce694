import {
  type CatalogueMessage,
  modelKey,
  type ModelLoad,
  type OllamaRunning,
  type OllamaTag,
} from '@drover/fleet';
import type { Listing } from '../ollama/listing.ts';

/** What one Ollama lists, in its own words, and the number that changes whenever that does. */
export interface Catalogue {
  readonly version: string;
  readonly tags: readonly OllamaTag[];
  readonly running: readonly OllamaRunning[];
  readonly revision: number;
}

export const emptyCatalogue: Catalogue = { version: '', tags: [], running: [], revision: 0 };

/** Takes a listing in; the old `running` stays where the new one is unknown. `nextRevision` is asked on a change only. */
export function updateCatalogue(
  catalogue: Catalogue,
  listing: Listing,
  nextRevision: () => number,
): Catalogue {
  const { version, tags, running = catalogue.running } = listing;
  const next = { version, tags, running, revision: catalogue.revision };
  if (JSON.stringify(next) === JSON.stringify(catalogue)) return catalogue;
  return { ...next, revision: nextRevision() };
}

/** The name under which this Ollama lists `model`, or undefined. */
export function findModel(catalogue: Catalogue, model: string): string | undefined {
  const wanted = modelKey(model);
  return catalogue.tags.find((tag) => modelKey(tag.name) === wanted)?.name;
}

export function isLoaded(running: readonly OllamaRunning[], model: string): boolean {
  const wanted = modelKey(model);
  return running.some((entry) => modelKey(entry.name) === wanted);
}

/** Bytes of JSON that one page of a list carries at most, where a message of the bus has room for it. */
const maxPageBytes = 256 * 1024;

/**
 * What `describe` answers, from the tag with index `from` on: a page of `limitBytes` of JSON at most, and more only for
 * a single entry.
 */
export function catalogueMessage(
  catalogue: Catalogue,
  instance: string,
  from: number,
  limitBytes: number = maxPageBytes,
): CatalogueMessage {
  const { version, tags, running } = catalogue;
  const pageBytes = Math.min(limitBytes, maxPageBytes);
  let bytes = from === 0 ? Buffer.byteLength(JSON.stringify(running)) : 0;
  let to = Math.min(from, tags.length);
  for (const tag of tags.slice(from)) {
    bytes += Buffer.byteLength(JSON.stringify(tag));
    if (to > from && bytes > pageBytes) break;
    to += 1;
  }
  const page = { instance, version, tags: tags.slice(from, to), running: from === 0 ? running : [] };
  return to < tags.length ? { ...page, next: to } : page;
}

/** Requests of ours for one model; Ollama itself reports none. */
export interface ModelCounts {
  readonly busy: number;
  readonly queued: number;
}

/**
 * The models of a load report: `tags` and `ps` together with our own counts, and the models that answered since Ollama
 * was asked, both keyed by `modelKey`.
 */
export function modelLoads(
  catalogue: Catalogue,
  counts: ReadonlyMap<string, ModelCounts>,
  answered: ReadonlyMap<string, number> = new Map(),
): ModelLoad[] {
  const running = new Map(catalogue.running.map((entry) => [modelKey(entry.name), entry]));
  return catalogue.tags.map((tag) => {
    const key = modelKey(tag.name);
    const loaded = running.get(key);
    return {
      name: tag.name,
      digest: tag.digest,
      loaded: loaded !== undefined || answered.has(key),
      sizeBytes: bytesOf(tag['size']),
      vramBytes: bytesOf(loaded?.['size_vram']),
      busy: counts.get(key)?.busy ?? 0,
      queued: counts.get(key)?.queued ?? 0,
    };
  });
}

function bytesOf(value: unknown): number {
  return typeof value === 'number' && value > 0 ? value : 0;
}
