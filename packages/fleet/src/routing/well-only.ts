import type { HealthTable } from './health-table.ts';
import { instanceKey } from './load-table.ts';
import type { RoutingPolicy } from './routing-policy.ts';

/** The policy's choice among instances that do not go on refusing, or nobody: for requests that have a place already. */
export function wellOnly(policy: RoutingPolicy, health: HealthTable): RoutingPolicy {
  return (candidates, model, random) => {
    const avoided = health.avoidedFor(model, candidates);
    const well = candidates.filter((evidence) => !avoided.has(instanceKey(evidence)));
    return policy(well, model, random);
  };
}
