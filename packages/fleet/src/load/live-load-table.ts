import type { ClusterNode } from '@drover/actor-core/cluster';
import { anyToken, senderOf } from '@drover/actor-core/cluster';
import type { FleetConfig } from '../config.ts';
import type { LoadReport } from '../protocol/load-report.ts';
import {
  clearNodes,
  createLoadState,
  decideReport,
  type LoadFacts,
  openPending,
  readInstances,
  suspectNode,
} from './load-state.ts';
import type { InstanceEvidence, LoadTable } from './load-table.ts';
import type { PendingRequest } from './pending-requests.ts';

/** What a load table needs of its node. */
export type LoadTableNode = Pick<ClusterNode, 'transport' | 'subjects' | 'presence' | 'clock' | 'log'>;

/** A load table that reads the load reports from the bus. Made by `createLoadTable`. */
export interface LiveLoadTable extends LoadTable {
  /** Counts a request that is sent to the instance; the caller releases it when the request ends. */
  open(evidence: InstanceEvidence): PendingRequest;
  /** Records that the node did not answer: its instances are chosen last until its next report. */
  suspect(node: string): void;
  stop(): void;
}

/**
 * Subscribes to the load reports of all node-agents until `stop`. `onReport` is called with each accepted report,
 * before the listeners.
 */
export function createLoadTable(
  node: LoadTableNode,
  config: FleetConfig,
  onReport: (report: LoadReport) => void = () => {},
): LiveLoadTable {
  const { transport, subjects, presence, clock, log } = node;
  const state = createLoadState(config);
  const listeners = new Set<() => void>();
  let hasReports = false;

  const memberOf: LoadFacts['memberOf'] = (name) => presence.member(name);
  const facts = (): LoadFacts => ({ nowMs: clock.now(), memberOf });
  const notify = (): void => {
    for (const listener of listeners) listener();
  };
  const subscription = transport.subscribe(subjects.load(anyToken), ({ subject, payload }) => {
    const peer = senderOf(subject);
    const decision = decideReport(state, peer, payload, facts());
    if (decision.kind === 'ignored' && decision.warning !== undefined) {
      const text = 'ignored a load report; further ignored reports of this node are only counted';
      log.warn({ peer, detail: decision.warning }, text);
    }
    if (decision.kind !== 'accepted') return;
    hasReports = true;
    onReport(decision.report);
    notify();
  });
  const unsubscribePresence = presence.onChange(notify);
  const instances = (): InstanceEvidence[] => readInstances(state, facts());

  return {
    instances,
    modelNames: () => modelNames(instances()),
    get hasReports() {
      return hasReports;
    },
    get counters() {
      return { ...state.counters };
    },
    onChange: (listener) => {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    open: (evidence) => openPending(state, evidence),
    suspect: (name) => suspectNode(state, name),
    stop: () => {
      subscription.unsubscribe();
      unsubscribePresence();
      listeners.clear();
      clearNodes(state);
    },
  };
}

function modelNames(instances: readonly InstanceEvidence[]): readonly string[] {
  const names = new Set<string>();
  for (const { alive, load } of instances)
    if (alive && load.state === 'ready') for (const model of load.models) names.add(model.name);
  return [...names].toSorted();
}
