import { type InstanceLoad, maxReasonChars, type RefusalReport } from '@drover/fleet';
import type { NodeAgentLimits, ResolvedInstance } from '../config.ts';
import type { Admission } from './admission.ts';
import type { Health } from './health.ts';
import type { JobTable } from './job-table.ts';
import type { KnownListing } from './known-listing.ts';

/** Facts for the entry of an instance in the load report. */
export interface LoadFacts {
  readonly instance: ResolvedInstance;
  readonly limits: Pick<NodeAgentLimits, 'maxQueue'>;
  readonly health: Health;
  readonly draining: boolean;
  readonly simulated: boolean;
  readonly known: KnownListing;
  readonly admission: Admission;
  readonly jobs: JobTable;
  readonly refusals: readonly RefusalReport[] | undefined;
}

/** The entry of an instance in the load report of its node. */
export function instanceLoad(facts: LoadFacts): InstanceLoad {
  const { instance, limits, health, draining, simulated, known, admission, jobs, refusals } = facts;
  return {
    name: instance.name,
    url: instance.url,
    simulated,
    version: known.version,
    state: draining ? 'draining' : health.state,
    ...(health.reason !== '' && { reason: health.reason.slice(0, maxReasonChars) }),
    slots: instance.slots,
    busy: admission.busy,
    queued: admission.queued,
    maxQueue: limits.maxQueue,
    waitMs: admission.waitMs,
    catalogueRevision: known.revision,
    models: known.loads(jobs.counts()).map((model) => admission.withTimes(model)),
    ...(refusals !== undefined && { refusals }),
  };
}
