import type { InstanceEvidence } from '../load/load-table.ts';
import { hasLoaded, usedPlaces } from '../load/queue-wait.ts';
import type { RoutingPolicy } from './routing-policy.ts';

/**
 * For a request that only loads or unloads a model: prefers an instance that has the model loaded, however busy it is,
 * since an unload does nothing anywhere else. Among equals the least used instance is chosen.
 */
export function createResidentFirst(): RoutingPolicy {
  return ({ model }, candidates) => candidates.toSorted((a, b) => compare(a, b, model))[0];
}

function compare(a: InstanceEvidence, b: InstanceEvidence, model: string): number {
  return Number(hasLoaded(b, model)) - Number(hasLoaded(a, model)) || usedPlaces(a) - usedPlaces(b);
}
