import type { LocalNode } from '@drover/actor-core/cluster';
import { UsageLedger } from './usage-ledger.ts';
import { UsageStore } from './usage-store.ts';

/** A ledger for what this run of a node counts. The node must be allowed to write the bucket of the usage. */
export function openUsageLedger({
  storage,
  subjects,
  nodeId,
  random,
  clock,
  log,
}: Pick<LocalNode, 'storage' | 'subjects' | 'nodeId' | 'random' | 'clock' | 'log'>): UsageLedger {
  const store = new UsageStore(storage, subjects);
  return new UsageLedger({ store, nodeId, run: random.id().slice(0, 16), clock, log });
}
