import type { FleetConfig } from '../config.ts';
import type { HealthTable } from '../health/health-table.ts';
import { type InstanceEvidence, instanceKey } from '../load/load-table.ts';
import { listedModel } from '../load/listed-model.ts';
import { hasLoaded, isDoubtful, isFull, loadWaitMs, queueWaitMs, usedPlaces } from '../load/queue-wait.ts';
import { type AttemptFacts, candidatesFor } from './decide-attempt.ts';
import type { Candidate } from './request-decisions.ts';

/** Largest number of instances shown for one decision: the chosen instance first, then those that list the model. */
const maxCandidates = 32;
const none: ReadonlySet<string> = new Set();

/** Explains why a request went to `chosen` or to no instance, with the facts at that instant. Pure. */
export function explainCandidates(
  facts: AttemptFacts,
  chosen: InstanceEvidence | undefined,
  health: Pick<HealthTable, 'illness'>,
  config: FleetConfig,
): readonly Candidate[] {
  const { instances, model, contextTokens } = facts;
  const shown: InstanceEvidence[] = chosen === undefined ? [] : [chosen];
  for (const wanted of [true, false]) {
    for (const evidence of instances) {
      if (shown.length >= maxCandidates) break;
      const isChosen = chosen !== undefined && instanceKey(evidence) === instanceKey(chosen);
      if (!isChosen && listsModel(evidence, model) === wanted) shown.push(evidence);
    }
  }
  return shown.map((evidence, index) => {
    const { load, pending } = evidence;
    const queueMs = Math.round(queueWaitMs(evidence, model));
    const loadMs = Math.round(loadWaitMs(evidence, model, contextTokens));
    const lists = listsModel(evidence, model);
    return {
      node: evidence.node,
      instance: load.name,
      cost: lists ? queueMs + loadMs : null,
      parts: {
        queueMs,
        loadMs: lists ? loadMs : 0,
        loaded: hasLoaded(evidence, model, contextTokens),
        slots: load.slots,
        busy: load.busy,
        queued: load.queued,
        pending,
        evidenceAgeMs: Math.round(evidence.ageMs),
      },
      reason:
        chosen !== undefined && index === 0 ? 'chosen' : whyNot(evidence, facts, chosen, health, config),
    };
  });
}

function whyNot(
  evidence: InstanceEvidence,
  facts: AttemptFacts,
  chosen: InstanceEvidence | undefined,
  health: Pick<HealthTable, 'illness'>,
  config: FleetConfig,
): string {
  const { model, only, digest, tried, avoided } = facts;
  const key = instanceKey(evidence);
  const { load } = evidence;
  if (!evidence.alive) return 'its node is not alive';
  if (load.state !== 'ready') return `its Ollama is ${load.state}`;
  if (!listsModel(evidence, model)) return `it does not list ${model}`;
  if (tried.has(key)) return 'it was tried before';
  const isCandidate = candidatesFor({ instances: [evidence], model, only, digest, tried: none }).length > 0;
  if (!isCandidate)
    return only === undefined ? 'its copy of the model has another digest' : 'another instance was asked for';
  const illness = health.illness(key, model);
  if (avoided?.has(key) === true) return `it refuses: it ${illness ?? 'failed lately'}`;
  if (isFull(evidence)) return 'its queue is full';
  if (evidence.suspect) return 'it did not answer lately';
  if (isDoubtful(evidence, config.staleEvidenceMs)) return 'its load report is old';
  if (chosen === undefined) return 'no attempt was left for it';
  return comparedWith(chosen, evidence, facts);
}

function comparedWith(
  chosen: InstanceEvidence,
  other: InstanceEvidence,
  { model, contextTokens }: AttemptFacts,
): string {
  const isWorse = (measure: (evidence: InstanceEvidence) => number): boolean =>
    measure(other) > measure(chosen);
  if (isWorse((evidence) => Number(usedShare(evidence) >= 1))) return 'it has no free slot';
  if (isWorse((evidence) => Number(!hasLoaded(evidence, model, contextTokens))))
    return 'it would have to load the model first';
  if (isWorse((evidence) => queueWaitMs(evidence, model) + loadWaitMs(evidence, model, contextTokens)))
    return 'the wait there is longer';
  return isWorse(usedShare)
    ? 'more of its slots are in use'
    : 'as good as the chosen one; the choice was random';
}

function usedShare(evidence: InstanceEvidence): number {
  return usedPlaces(evidence) / Math.max(1, evidence.load.slots);
}

function listsModel({ load }: InstanceEvidence, model: string): boolean {
  return listedModel(load, model) !== undefined;
}
