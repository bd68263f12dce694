import type { Random } from '@drover/actor-core';
import type { FleetConfig } from '../config.ts';
import { type InstanceEvidence, instanceKey } from '../routing/load-table.ts';
import type { RoutingPolicy } from '../routing/routing-policy.ts';
import { candidatesFor } from './decide-attempt.ts';

/** A call that waits in an instance's queue. */
export interface QueuedCall {
  /** Its `modelKey`. */
  readonly model: string;
  /** `instanceKey` of where it waits. */
  readonly queuedAt: string | undefined;
}

export interface Move<Call> {
  readonly call: Call;
  readonly to: InstanceEvidence;
}

const noneTried: ReadonlySet<string> = new Set();

/**
 * Which queued calls should go elsewhere now: those the policy would send, if they came now, to another instance that
 * has a free slot. `queued` is in order of age, and so are the free slots handed out, so that no call overtakes an
 * older one for the same model. Evidence that is doubtful moves nobody: a place in a queue is given up for it.
 */
export function decideMoves<Call extends QueuedCall>(
  queued: Iterable<Call>,
  instances: readonly InstanceEvidence[],
  policy: RoutingPolicy,
  random: Random,
  config: Pick<FleetConfig, 'staleEvidenceMs'>,
): readonly Move<Call>[] {
  const free = new Map<string, number>();
  for (const evidence of instances) {
    const slots = freeSlots(evidence, config);
    if (slots > 0) free.set(instanceKey(evidence), slots);
  }
  const moves: Move<Call>[] = [];
  /** Counted with the moves decided so far. */
  let known = instances;
  const settled = new Set<string>();
  for (const call of queued) {
    if (free.size === 0) break;
    if (settled.has(call.model)) continue;
    const candidates = candidatesFor({ instances: known, model: call.model, tried: noneTried });
    const to = policy(candidates, call.model, random);
    const key = to === undefined ? '' : instanceKey(to);
    const left = free.get(key) ?? 0;
    if (to === undefined || left === 0) {
      // Nobody who waits for this model has anywhere to go.
      settled.add(call.model);
      continue;
    }
    if (key === call.queuedAt) continue;
    moves.push({ call, to });
    if (left === 1) free.delete(key);
    else free.set(key, left - 1);
    known = known.map((evidence) =>
      instanceKey(evidence) === key ? { ...evidence, pending: evidence.pending + 1 } : evidence,
    );
  }
  return moves;
}

function freeSlots(
  { alive, suspect, ageMs, load, pending }: InstanceEvidence,
  { staleEvidenceMs }: Pick<FleetConfig, 'staleEvidenceMs'>,
): number {
  if (!alive || suspect || ageMs > staleEvidenceMs || load.state !== 'ready') return 0;
  return load.slots - Math.max(0, load.busy + load.queued + pending);
}
