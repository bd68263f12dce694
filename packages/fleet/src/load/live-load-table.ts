import type { ClusterNode } from '@drover/actor-core/cluster';
import { anyToken } from '@drover/actor-core/cluster';
import type { FleetConfig } from '../config.ts';
import type { InstanceLoad, LoadReport } from '../protocol/load-report.ts';
import { decodeLoadReport } from '../protocol/load-report-codec.ts';
import type { InstanceEvidence, LoadTable, LoadTableCounters } from './load-table.ts';
import { type PendingRequest, PendingRequests } from './pending-requests.ts';
import { ReportPages } from './report-pages.ts';

/** What a load table needs of its node. */
export type LoadTableNode = Pick<ClusterNode, 'transport' | 'subjects' | 'presence' | 'clock' | 'log'>;

/** A load table that listens. Made by `createLoadTable`. */
export interface LiveLoadTable extends LoadTable {
  /** Counts a request on its way there; the caller releases it when the request ends. */
  open(evidence: InstanceEvidence): PendingRequest;
  /** The node did not answer: a last choice until its next report. */
  suspect(node: string): void;
  stop(): void;
}

/** What is known of one node-agent. */
interface NodeLoad {
  report: LoadReport;
  /** Sorted by name. */
  instances: readonly InstanceLoad[];
  heardAtMs: number;
  suspect: boolean;
  readonly pending: Map<string, PendingRequests>;
}

/** Listens to every node-agent's load reports until `stop`. `onReport` hears each one that is taken in, before the listeners. */
export function createLoadTable(
  node: LoadTableNode,
  config: FleetConfig,
  onReport: (report: LoadReport) => void = () => {},
): LiveLoadTable {
  const { transport, subjects, presence, clock, log } = node;
  const nodes = new Map<string, NodeLoad>();
  const pages = new ReportPages(config.maxNodes);
  const listeners = new Set<() => void>();
  const complainedOf = new Set<string>();
  const counters = { bad: 0, stale: 0, overflow: 0 };
  let sorted: readonly NodeLoad[] | undefined;
  let heard = false;

  const changed = (): void => {
    for (const listener of listeners) listener();
  };

  const complain = (peer: string, detail: string): void => {
    if (complainedOf.has(peer) || complainedOf.size >= config.maxNodes) return;
    complainedOf.add(peer);
    log.warn({ peer, detail }, 'ignored a load report; further ones of this node are only counted');
  };

  const isAlive = (known: NodeLoad): boolean => {
    const member = presence.member(known.report.node);
    // Presence may not have heard of a fresh node, or of its fresh life, when its first report arrives.
    if (member === undefined || member.incarnation < known.report.incarnation) {
      return clock.now() - known.heardAtMs <= config.staleEvidenceMs;
    }
    return member.state === 'alive' && member.incarnation === known.report.incarnation;
  };

  const forgetOld = (): void => {
    for (const [name, known] of nodes) {
      if (clock.now() - known.heardAtMs < config.forgetNodeMs || isAlive(known)) continue;
      nodes.delete(name);
      sorted = undefined;
    }
  };

  const take = (report: LoadReport): boolean => {
    const known = nodes.get(report.node);
    if (known !== undefined && !isNewer(report, known.report)) {
      counters.stale += 1;
      return false;
    }
    if (known === undefined) {
      forgetOld();
      if (nodes.size >= config.maxNodes) {
        counters.overflow += 1;
        complain(report.node, `more than ${config.maxNodes} nodes report`);
        return false;
      }
    }
    const instances = report.instances.toSorted((a, b) => compare(a.name, b.name));
    const heardAtMs = clock.now();
    if (known === undefined || known.report.incarnation !== report.incarnation) {
      nodes.set(report.node, { report, instances, heardAtMs, suspect: false, pending: new Map() });
      sorted = undefined;
      return true;
    }
    Object.assign(known, { report, instances, heardAtMs, suspect: false });
    for (const [name, pending] of known.pending) {
      if (instances.some((instance) => instance.name === name)) pending.reported();
      else known.pending.delete(name);
    }
    return true;
  };

  const subscription = transport.subscribe(subjects.load(anyToken), ({ subject, payload }) => {
    const peer = subject.slice(subject.lastIndexOf('.') + 1);
    const told = decodeLoadReport(payload);
    if (typeof told === 'string' || told.node !== peer) {
      counters.bad += 1;
      complain(peer, typeof told === 'string' ? told : `speaks for ${told.node}`);
      return;
    }
    const report = pages.add(told);
    if (report === undefined || !take(report)) return;
    heard = true;
    onReport(report);
    changed();
  });
  const unsubscribePresence = presence.onChange(changed);

  const instances = (): InstanceEvidence[] => {
    forgetOld();
    sorted ??= [...nodes.values()].toSorted((a, b) => compare(a.report.node, b.report.node));
    const now = clock.now();
    const all: InstanceEvidence[] = [];
    for (const known of sorted) {
      const alive = isAlive(known);
      for (const load of known.instances) {
        all.push({
          node: known.report.node,
          nodeIncarnation: known.report.incarnation,
          alive,
          suspect: known.suspect,
          ageMs: now - known.heardAtMs,
          load,
          pending: known.pending.get(load.name)?.count ?? 0,
        });
      }
    }
    return all;
  };

  return {
    instances,
    modelNames: () => {
      const names = new Set<string>();
      for (const { alive, load } of instances()) {
        if (alive && load.state === 'ready') for (const model of load.models) names.add(model.name);
      }
      return [...names].toSorted();
    },
    get heard() {
      return heard;
    },
    get counters(): LoadTableCounters {
      return { ...counters };
    },
    onChange: (listener) => {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    open: ({ node: name, nodeIncarnation, load }) => {
      const known = nodes.get(name);
      if (known === undefined || known.report.incarnation !== nodeIncarnation)
        return new PendingRequests().open();
      let pending = known.pending.get(load.name);
      if (pending === undefined) {
        pending = new PendingRequests();
        known.pending.set(load.name, pending);
      }
      return pending.open();
    },
    suspect: (name) => {
      const known = nodes.get(name);
      if (known !== undefined) known.suspect = true;
    },
    stop: () => {
      subscription.unsubscribe();
      unsubscribePresence();
      listeners.clear();
      nodes.clear();
      sorted = undefined;
    },
  };
}

function isNewer(report: LoadReport, known: LoadReport): boolean {
  if (report.incarnation !== known.incarnation) return report.incarnation > known.incarnation;
  return report.seq > known.seq;
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
