import type { InstanceEvidence } from './load-table.ts';
import { listedModel } from './listed-model.ts';

/** Service time that is assumed for a model without a learnt service time. */
const unknownServiceMs = 1_000;
const minRetryAfterMs = 500;
const maxRetryAfterMs = 60_000;

/** Requests that run or wait at the instance, as far as this client knows. */
export function usedPlaces({ load, pending }: InstanceEvidence): number {
  return Math.max(0, load.busy + load.queued + pending);
}

/** Whether the instance would refuse one more request. */
export function isFull(evidence: InstanceEvidence): boolean {
  const { slots, maxQueue } = evidence.load;
  return usedPlaces(evidence) >= Math.max(1, slots) + maxQueue;
}

/**
 * Whether the instance's own report shows a full queue. Unanswered requests of this client do not count: they may
 * already be finished.
 */
export function reportsFull({ load, pending }: InstanceEvidence): boolean {
  return load.busy + load.queued + Math.min(0, pending) >= Math.max(1, load.slots) + load.maxQueue;
}

/** True if the evidence is too old, or the node did not answer: the instance is used only if there is no other. */
export function isDoubtful({ suspect, ageMs }: InstanceEvidence, staleEvidenceMs: number): boolean {
  return suspect || ageMs > staleEvidenceMs;
}

/**
 * Whether a request for the model runs there without a load: the model is loaded, with at least as large a context as
 * the request states, if it states one.
 */
export function hasLoaded({ load }: InstanceEvidence, model: string, contextTokens = 0): boolean {
  const listed = listedModel(load, model);
  return listed?.loaded === true && contextTokens <= (listed.contextLength ?? Number.POSITIVE_INFINITY);
}

/**
 * Expected wait of a request for `model` sent to the instance now, milliseconds: the wait that the instance reports
 * (from learnt service times and running requests), plus this client's requests that the report does not include yet.
 */
export function queueWaitMs(evidence: InstanceEvidence, model: string): number {
  const { load, pending } = evidence;
  const slots = Math.max(1, load.slots);
  if (usedPlaces(evidence) < slots) return 0;
  const serviceMs = serviceOf(evidence, model);
  const reportedMs = load.waitMs ?? ((load.busy + load.queued) * serviceMs) / slots;
  // Unanswered requests of this client beyond the free places will be refused, so they add no wait.
  const room = Math.max(0, slots + load.maxQueue - load.busy - load.queued);
  return Math.max(0, reportedMs + (Math.min(pending, room) * serviceMs) / slots);
}

/** Expected time to load `model` there, milliseconds; 0 where `hasLoaded`. */
export function loadWaitMs(evidence: InstanceEvidence, model: string, contextTokens?: number): number {
  if (hasLoaded(evidence, model, contextTokens)) return 0;
  return listedModel(evidence.load, model)?.coldMs ?? serviceOf(evidence, model);
}

/**
 * Service time of a request for `model`, milliseconds: the geometric mean of the values that instances have learnt,
 * undefined without any. Used for instances that have not served the model yet.
 */
export function learntServiceMs(instances: readonly InstanceEvidence[], model: string): number | undefined {
  let sum = 0;
  let count = 0;
  for (const { load } of instances) {
    const serviceMs = listedModel(load, model)?.serviceMs;
    if (serviceMs === undefined) continue;
    sum += Math.log(Math.max(1, serviceMs));
    count += 1;
  }
  return count === 0 ? undefined : Math.round(Math.exp(sum / count));
}

/** Retry time for a client that finds the queue full: about when half of the queue is served. 0.5 to 60 s. */
export function queueRetryAfterMs(waitMs: number): number {
  return Math.round(Math.min(maxRetryAfterMs, Math.max(minRetryAfterMs, waitMs / 2)));
}

function serviceOf({ load }: InstanceEvidence, model: string): number {
  return listedModel(load, model)?.serviceMs ?? unknownServiceMs;
}
