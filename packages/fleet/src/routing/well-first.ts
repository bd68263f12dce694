import type { HealthTable } from './health-table.ts';
import { type InstanceEvidence, instanceKey } from './load-table.ts';
import type { RoutingPolicy } from './routing-policy.ts';

/** The policy's choice among instances that do not refuse; among all of them only where each one does. */
export function wellFirst(policy: RoutingPolicy, health: HealthTable): RoutingPolicy {
  return (candidates, model, random) => {
    const well = wellOf(candidates, model, health);
    return policy(well.length > 0 ? well : candidates, model, random);
  };
}

/** The policy's choice among instances that do not refuse, or nobody: for what has a place already. */
export function wellOnly(policy: RoutingPolicy, health: HealthTable): RoutingPolicy {
  return (candidates, model, random) => policy(wellOf(candidates, model, health), model, random);
}

function wellOf(
  candidates: readonly InstanceEvidence[],
  model: string,
  health: HealthTable,
): readonly InstanceEvidence[] {
  const avoided = health.avoidedFor(model, candidates);
  return avoided.size === 0 ? candidates : candidates.filter((one) => !avoided.has(instanceKey(one)));
}
