import type { Clock, Random } from '@drover/actor-core';
import type { FleetConfig } from '../config.ts';
import type { InstanceEvidence } from '../load/load-table.ts';
import type { RoutedRequest } from './routed-request.ts';

/**
 * Chooses the instance for a request; undefined if no candidate is suitable. The candidates are ready and alive, list
 * the model and have not been tried for this request; ejected instances are candidates only if there is no other
 * instance. Called once for each attempt, on the request's path: it must be fast and must not wait.
 */
export type RoutingPolicy = (
  request: RoutedRequest,
  candidates: readonly InstanceEvidence[],
) => InstanceEvidence | undefined;

/** Makes a policy for one fleet client. A policy that learns keeps its state in its closure. */
export type CreateRoutingPolicy = (context: RoutingContext) => RoutingPolicy;

/** What a fleet client gives to its policies. */
export interface RoutingContext {
  readonly clock: Clock;
  readonly random: Random;
  readonly config: FleetConfig;
}
