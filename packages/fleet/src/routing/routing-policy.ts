import type { Random } from '@drover/actor-core';
import type { InstanceEvidence } from './load-table.ts';

/**
 * Chooses where a request goes, or undefined where it can go nowhere. A plain function: evidence in, choice out.
 * `candidates` are ready, alive, list the model and were not tried yet; `model` is its `modelKey`, to be
 * compared with `isModel`.
 */
export type RoutingPolicy = (
  candidates: readonly InstanceEvidence[],
  model: string,
  random: Random,
) => InstanceEvidence | undefined;
