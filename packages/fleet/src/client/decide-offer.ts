import type { InstanceEvidence } from '../routing/load-table.ts';
import { isModel } from '../routing/model-name.ts';
import { hasLoaded, queueWaitMs } from '../routing/queue-wait.ts';

/** Everything the answer to an offer depends on. */
export interface OfferFacts {
  /** The instance that has a free slot. */
  readonly here: InstanceEvidence;
  /** The other instances at which the request waits. */
  readonly elsewhere: readonly InstanceEvidence[];
  /** Its `modelKey`. */
  readonly model: string;
  readonly waitedMs: number;
}

/**
 * Whether a request that waits takes the slot that it is offered. It passes only where the model would have to be
 * loaded, that takes longer than the rest of the wait for an instance that has it loaded, and the request has not waited
 * for so long already: estimates may be wrong, and passing must end.
 */
export function decideOffer({ here, elsewhere, model, waitedMs }: OfferFacts): 'take' | 'pass' {
  if (hasLoaded(here, model)) return 'take';
  const coldMs = here.load.models.find(({ name }) => isModel(name, model))?.coldMs;
  if (coldMs === undefined || waitedMs >= coldMs) return 'take';
  const restMs = elsewhere
    .filter((evidence) => hasLoaded(evidence, model))
    .map((evidence) => queueWaitMs(evidence, model));
  return Math.min(...restMs) < coldMs ? 'pass' : 'take';
}
