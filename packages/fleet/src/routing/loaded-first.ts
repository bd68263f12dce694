import type { InstanceEvidence } from '../load/load-table.ts';
import { hasLoaded, isDoubtful, isFull, loadWaitMs, queueWaitMs, usedPlaces } from '../load/queue-wait.ts';
import type { RoutedRequest } from './routed-request.ts';
import type { RoutingContext, RoutingPolicy } from './routing-policy.ts';

/**
 * The default: (model loaded and a free slot) before (a free slot) before (the shortest expected
 * wait in time, a load included), the least used within each, ties at random. A full instance is chosen only if all
 * are full, an instance with doubtful evidence (suspect, or older than `staleEvidenceMs`) only if no other is left.
 *
 * Residency: a model that is loaded with a smaller context than the request states counts as not loaded. The other
 * runner options are the same for all requests, by the policy of the node-agent. Two names of one blob share a runner
 * that only one of them seems to have.
 */
export function createLoadedFirst({
  random,
  config,
}: Pick<RoutingContext, 'random' | 'config'>): RoutingPolicy {
  return ({ model, contextTokens }, candidates) => {
    let best: InstanceEvidence[] = [];
    let bestRank: Rank | undefined;
    for (const candidate of candidates) {
      const rank = rankOf(candidate, { model, contextTokens }, config.staleEvidenceMs);
      const order = bestRank === undefined ? -1 : compareRanks(rank, bestRank);
      if (order > 0) continue;
      if (order < 0) best = [];
      bestRank = rank;
      best.push(candidate);
    }
    return best.length < 2 ? best[0] : best[Math.floor(random.next() * best.length)];
  };
}

/**
 * Compared from the left; smaller is better. `cost`: share of the slots in use while one is free, else milliseconds.
 */
type Rank = readonly [full: number, doubtful: number, tier: number, cost: number];

function rankOf(
  evidence: InstanceEvidence,
  { model, contextTokens }: Pick<RoutedRequest, 'model' | 'contextTokens'>,
  staleEvidenceMs: number,
): Rank {
  const used = usedPlaces(evidence);
  const slots = Math.max(1, evidence.load.slots);
  const doubtful = Number(isDoubtful(evidence, staleEvidenceMs));
  if (used < slots) return [0, doubtful, hasLoaded(evidence, model, contextTokens) ? 0 : 1, used / slots];
  const waitMs = queueWaitMs(evidence, model) + loadWaitMs(evidence, model, contextTokens);
  return [Number(isFull(evidence)), doubtful, 2, waitMs];
}

function compareRanks(a: Rank, b: Rank): number {
  for (let index = 0; index < a.length; index += 1) {
    const difference = (a[index] ?? 0) - (b[index] ?? 0);
    if (difference !== 0) return difference;
  }
  return 0;
}
