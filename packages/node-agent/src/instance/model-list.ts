import {
  type ModelListing,
  modelKey,
  type ModelLoad,
  type OllamaRunning,
  type OllamaTag,
} from '@drover/fleet';
import type { Listing } from '../ollama/listing.ts';

/** The models that one Ollama lists, unchanged, with a revision number that changes when they change. */
export interface ModelList {
  readonly version: string;
  readonly tags: readonly OllamaTag[];
  readonly running: readonly OllamaRunning[];
  readonly revision: number;
}

export const emptyModelList: ModelList = { version: '', tags: [], running: [], revision: 0 };

/**
 * Applies the result of a probe; an unknown `running` keeps the old one. `nextRevision` is called only for a change.
 */
export function updateModelList(list: ModelList, listing: Listing, nextRevision: () => number): ModelList {
  const { version, tags, running = list.running } = listing;
  const next = { version, tags, running, revision: list.revision };
  if (JSON.stringify(next) === JSON.stringify(list)) return list;
  return { ...next, revision: nextRevision() };
}

/** The name under which this Ollama lists `model`, or undefined. */
export function findModel(list: ModelList, model: string): string | undefined {
  const wanted = modelKey(model);
  return list.tags.find((tag) => modelKey(tag.name) === wanted)?.name;
}

export function isLoaded(running: readonly OllamaRunning[], model: string): boolean {
  const wanted = modelKey(model);
  return running.some((entry) => modelKey(entry.name) === wanted);
}

/** Largest page in bytes of JSON; smaller if a bus message has less room. */
const maxPageBytes = 256 * 1024;

/**
 * The answer to `describe` from the tag with index `from` on: a page of at most `limitBytes` of JSON. Only a page with
 * a single entry may be larger.
 */
export function listingPage(
  list: ModelList,
  instance: string,
  from: number,
  limitBytes: number = maxPageBytes,
): ModelListing {
  const { version, tags, running } = list;
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

/** Numbers of requests for one model, which Ollama does not report. */
export interface ModelCounts {
  readonly busy: number;
  readonly queued: number;
}

/**
 * The models of a load report: `tags` and `ps`, the counts of requests, and the models that answered since the last
 * query of Ollama, both by `modelKey`.
 */
export function modelLoads(
  list: ModelList,
  counts: ReadonlyMap<string, ModelCounts>,
  answered: ReadonlyMap<string, number> = new Map(),
): ModelLoad[] {
  const running = new Map(list.running.map((entry) => [modelKey(entry.name), entry]));
  return list.tags.map((tag) => {
    const key = modelKey(tag.name);
    const loaded = running.get(key);
    return {
      name: tag.name,
      digest: tag.digest,
      loaded: loaded !== undefined || answered.has(key),
      sizeBytes: bytesOf(tag['size']),
      vramBytes: bytesOf(loaded?.['size_vram']),
      ...(bytesOf(loaded?.['context_length']) > 0 && { contextLength: bytesOf(loaded?.['context_length']) }),
      busy: counts.get(key)?.busy ?? 0,
      queued: counts.get(key)?.queued ?? 0,
    };
  });
}

function bytesOf(value: unknown): number {
  return typeof value === 'number' && value > 0 ? value : 0;
}
