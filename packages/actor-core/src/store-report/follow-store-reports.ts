import type { LocalNode } from '../membership/local-node.ts';
import { createPubSub } from '../pubsub/pub-sub.ts';
import { type StoreReport, storeReports } from './store-report.ts';

/** The newest report of one host. */
export interface HeardStoreReport extends StoreReport {
  readonly node: string;
  readonly ageMs: number;
}

/** Reports of all hosts, as this node hears them. */
export interface StoreReports {
  /** Sorted by node; of hosts that are known and have not left. */
  all(): readonly HeardStoreReport[];
  /** Ends the subscription. */
  close(): void;
}

const maxHosts = 256;

/** Follows the reports of the hosts. */
export function followStoreReports(
  node: Pick<LocalNode, 'nodeId' | 'transport' | 'subjects' | 'log' | 'clock' | 'presence'>,
): StoreReports {
  const { clock, presence } = node;
  const heard = new Map<string, { readonly report: StoreReport; readonly atMs: number }>();
  const isThere = (name: string): boolean => (presence.member(name)?.state ?? 'left') !== 'left';
  const unsubscribe = createPubSub(node).subscribe(storeReports, (report, { from }) => {
    for (const name of heard.keys()) if (!isThere(name)) heard.delete(name);
    if (heard.size < maxHosts || heard.has(from)) heard.set(from, { report, atMs: clock.now() });
  });
  return {
    all: () =>
      [...heard]
        .filter(([name]) => isThere(name))
        .map(([name, { report, atMs }]) => ({ ...report, node: name, ageMs: clock.now() - atMs }))
        .toSorted((a, b) => (a.node < b.node ? -1 : 1)),
    close: unsubscribe,
  };
}
