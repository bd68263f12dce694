import type { InstanceEvidence } from './load-table.ts';
import { isModel } from './model-name.ts';

/** Assumed of a model whose service time nobody has learnt yet. */
const unknownServiceMs = 1_000;
const leastComeBackMs = 500;
const mostComeBackMs = 60_000;

/** Requests that are inside or wait there, as far as known here. */
export function usedPlaces({ load, pending }: InstanceEvidence): number {
  return Math.max(0, load.busy + load.queued + pending);
}

/** Whether the instance would refuse one more request. */
export function isFull(evidence: InstanceEvidence): boolean {
  const { slots, maxQueue } = evidence.load;
  return usedPlaces(evidence) >= Math.max(1, slots) + maxQueue;
}

/** Whether its own report says so. Requests that it has not answered yet do not count: they may be over by then. */
export function reportsFull({ load, pending }: InstanceEvidence): boolean {
  return load.busy + load.queued + Math.min(0, pending) >= Math.max(1, load.slots) + load.maxQueue;
}

/** Whether its evidence is so old, or its node so silent, that it is used only where there is no other. */
export function isDoubtful({ suspect, ageMs }: InstanceEvidence, staleEvidenceMs: number): boolean {
  return suspect || ageMs > staleEvidenceMs;
}

export function hasLoaded({ load }: InstanceEvidence, model: string): boolean {
  return load.models.some((listed) => listed.loaded && isModel(listed.name, model));
}

/**
 * Expected wait of a request for `model` that would be sent there now, milliseconds: what the instance says of its
 * queue (learnt service times, and what runs), and this client's own requests that are not in its report yet.
 */
export function queueWaitMs(evidence: InstanceEvidence, model: string): number {
  const { load, pending } = evidence;
  const slots = Math.max(1, load.slots);
  if (usedPlaces(evidence) < slots) return 0;
  const serviceMs = serviceOf(evidence, model);
  const reportedMs = load.waitMs ?? ((load.busy + load.queued) * serviceMs) / slots;
  // Of its own requests that were not answered yet, those that do not fit will be refused.
  const room = Math.max(0, slots + load.maxQueue - load.busy - load.queued);
  return Math.max(0, reportedMs + (Math.min(pending, room) * serviceMs) / slots);
}

/** Expected time to load `model` there, milliseconds; 0 if it is loaded. */
export function loadWaitMs(evidence: InstanceEvidence, model: string): number {
  if (hasLoaded(evidence, model)) return 0;
  const listed = evidence.load.models.find(({ name }) => isModel(name, model));
  return listed?.coldMs ?? serviceOf(evidence, model);
}

/**
 * How long a request for `model` stays inside an instance, as those that have served it have learnt, milliseconds; the
 * geometric mean over them, undefined where none has. An instance that has not served it yet counts with this.
 */
export function learntServiceMs(instances: readonly InstanceEvidence[], model: string): number | undefined {
  let sum = 0;
  let count = 0;
  for (const { load } of instances) {
    const serviceMs = load.models.find(({ name }) => isModel(name, model))?.serviceMs;
    if (serviceMs === undefined) continue;
    sum += Math.log(Math.max(1, serviceMs));
    count += 1;
  }
  return count === 0 ? undefined : Math.round(Math.exp(sum / count));
}

/** When a client that finds a queue full should come back: about when half of it has gone. 0.5 to 60 s. */
export function comeBackMs(waitMs: number): number {
  return Math.round(Math.min(mostComeBackMs, Math.max(leastComeBackMs, waitMs / 2)));
}

function serviceOf({ load }: InstanceEvidence, model: string): number {
  return load.models.find(({ name }) => isModel(name, model))?.serviceMs ?? unknownServiceMs;
}
