import { type LocalNode, quotaLog, type Subjects } from '@drover/actor-core/cluster';
import type { LogSpec } from '@drover/actor-core/durable';
import { keepThere } from './keep-there.ts';
import { sliceMs, windowMs } from './quota-rule.ts';

/** Longer than any claim counts. */
const maxAgeMs = 2 * windowMs + 10 * sliceMs;
const maxBytes = 64 * 1024 * 1024;
const maxRecordBytes = 128 * 1024;

/** The log of the claims: one record for each batch, in the order that decides who was first. */
export function quotaLogSpec(subjects: Subjects, nowMs: number): LogSpec {
  return {
    name: quotaLog(subjects.cell),
    subjects: [subjects.quota('*')],
    historyPerSubject: 0,
    maxAgeMs,
    maxBytes,
    maxRecordBytes,
    feed: subjects.feed('quota'),
    firstSequence: nowMs,
  };
}

/**
 * Creates the log of the quotas, and creates it again after the store was lost. For hosts: a gateway may not.
 *
 * @returns the function that ends it
 */
export function keepQuotaLog(node: LocalNode): () => void {
  const { storage, subjects, clock } = node;
  return keepThere(node, 'the log of the quotas', () =>
    storage.log.ensure(quotaLogSpec(subjects, clock.wallNow())),
  );
}
