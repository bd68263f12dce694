import type { InstanceEvidence } from '../load/load-table.ts';
import { listedModel } from '../load/listed-model.ts';
import { hasLoaded, queueWaitMs } from '../load/queue-wait.ts';

/** All facts that the answer to an offer depends on. */
export interface OfferFacts {
  /** The instance that has a free slot. */
  readonly here: InstanceEvidence;
  /** The other instances in whose queues the request waits. */
  readonly elsewhere: readonly InstanceEvidence[];
  /** `modelKey` of the requested model. */
  readonly model: string;
  /** The context that the request states, tokens. @default none */
  readonly contextTokens?: number | undefined;
  readonly waitedMs: number;
}

/**
 * Whether a waiting request takes an offered slot. The request passes only if the instance would first have to load the
 * model, an instance with the loaded model is expected to be free sooner than the load would end, and the request has
 * waited for less than one load so far. The last condition bounds how long a request can pass, because estimates may be
 * wrong.
 */
export function decideOffer({
  here,
  elsewhere,
  model,
  contextTokens,
  waitedMs,
}: OfferFacts): 'take' | 'pass' {
  if (hasLoaded(here, model, contextTokens)) return 'take';
  const coldMs = listedModel(here.load, model)?.coldMs;
  if (coldMs === undefined || waitedMs >= coldMs) return 'take';
  const restMs = elsewhere
    .filter((evidence) => hasLoaded(evidence, model, contextTokens))
    .map((evidence) => queueWaitMs(evidence, model));
  return Math.min(...restMs) < coldMs ? 'pass' : 'take';
}
