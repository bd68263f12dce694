import type { Random } from '@drover/actor-core';
import type { InstanceEvidence } from './load-table.ts';
import { isModel } from './model-name.ts';

/**
 * The first routing policy: (model loaded and a free slot) before (a free slot) before (the shortest estimated
 * wait), the least used within each, ties at random. One that is full is chosen only if all are, one whose
 * evidence is doubtful (suspect, or older than `staleEvidenceMs`) only if no other is left.
 *
 * Residency: this looks at the model's name. Ollama keeps a runner for each (weights, runner options), so two
 * requests for one name can still reload each other, and two names of one blob share a runner that only one of
 * them seems to have. The unit must become the residency key; this policy then reads keys where it reads names.
 */
export function loadedFirst(
  candidates: readonly InstanceEvidence[],
  model: string,
  random: Random,
  staleEvidenceMs = 3_000,
): InstanceEvidence | undefined {
  let best: InstanceEvidence[] = [];
  let bestRank: Rank | undefined;
  for (const candidate of candidates) {
    const rank = rankOf(candidate, model, staleEvidenceMs);
    const order = bestRank === undefined ? -1 : compareRanks(rank, bestRank);
    if (order > 0) continue;
    if (order < 0) best = [];
    bestRank = rank;
    best.push(candidate);
  }
  return best.length < 2 ? best[0] : best[Math.floor(random.next() * best.length)];
}

/** Compared from the left; smaller is better. */
type Rank = readonly [full: number, doubtful: number, tier: number, wait: number];

function rankOf(
  { load, pending, suspect, ageMs }: InstanceEvidence,
  model: string,
  staleEvidenceMs: number,
): Rank {
  const slots = Math.max(1, load.slots);
  const used = Math.max(0, load.busy + load.queued + pending);
  const free = used < slots;
  const loaded = load.models.some((listed) => listed.loaded && isModel(listed.name, model));
  const full = !free && (load.queued >= load.maxQueue || used >= slots + load.maxQueue);
  // In turns of one request; a model that must be loaded first costs about one more.
  const wait = used / slots + (free || loaded ? 0 : 1);
  const tier = free ? (loaded ? 0 : 1) : 2;
  return [Number(full), Number(suspect || ageMs > staleEvidenceMs), tier, wait];
}

function compareRanks(a: Rank, b: Rank): number {
  for (let index = 0; index < a.length; index += 1) {
    const difference = (a[index] ?? 0) - (b[index] ?? 0);
    if (difference !== 0) return difference;
  }
  return 0;
}
