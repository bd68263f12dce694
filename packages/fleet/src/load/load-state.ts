/**
 * The core of the load table: state, and the functions that change or read it. They do no input or output and read no
 * clock; `live-load-table.ts` feeds them with messages of the bus and with the presence of nodes.
 */
import type { MemberEvidence } from '@drover/actor-core/cluster';
import type { FleetConfig } from '../config.ts';
import type { InstanceLoad, LoadReport } from '../protocol/load-report.ts';
import { decodeLoadReport } from '../protocol/load-report-codec.ts';
import type { InstanceEvidence } from './load-table.ts';
import { type PendingRequest, PendingRequests } from './pending-requests.ts';
import { ReportPages } from './report-pages.ts';

export type LoadLimits = Pick<FleetConfig, 'maxNodes' | 'forgetNodeMs' | 'staleEvidenceMs'>;

/** Facts from outside at the time of a call. */
export interface LoadFacts {
  readonly nowMs: number;
  /** Presence of a node; undefined for a node that presence does not know. */
  readonly memberOf: (node: string) => MemberEvidence | undefined;
}

/** What the table knows. Changed only by the functions of this file. */
export interface LoadState {
  readonly limits: LoadLimits;
  readonly nodes: Map<string, NodeLoad>;
  readonly pages: ReportPages;
  /** Nodes about which a warning was logged. */
  readonly warnedOf: Set<string>;
  readonly counters: { bad: number; stale: number; overflow: number };
  /** Values of `nodes` sorted by node; undefined after a change of the set. */
  sorted: readonly NodeLoad[] | undefined;
}

/** Newest report of one node-agent. */
interface NodeLoad {
  report: LoadReport;
  /** Sorted by name. */
  instances: readonly InstanceLoad[];
  arrivedAtMs: number;
  suspect: boolean;
  /** By name of the instance. */
  readonly pending: Map<string, PendingRequests>;
}

/**
 * What follows from a message: `accepted`: the table has a new report; `incomplete`: more pages must arrive; `ignored`:
 * with the text of a warning the first time for each node.
 */
export type ReportDecision =
  | { readonly kind: 'accepted'; readonly report: LoadReport }
  | { readonly kind: 'incomplete' }
  | { readonly kind: 'ignored'; readonly warning?: string | undefined };

export function createLoadState(limits: LoadLimits): LoadState {
  return {
    limits,
    nodes: new Map(),
    pages: new ReportPages(limits.maxNodes),
    warnedOf: new Set(),
    counters: { bad: 0, stale: 0, overflow: 0 },
    sorted: undefined,
  };
}

/** Handles a message that arrived on the load subject of `sender`. */
export function decideReport(
  state: LoadState,
  sender: string,
  payload: Uint8Array,
  facts: LoadFacts,
): ReportDecision {
  const decoded = decodeLoadReport(payload);
  if (typeof decoded === 'string' || decoded.node !== sender) {
    state.counters.bad += 1;
    const detail = typeof decoded === 'string' ? decoded : `names the node ${decoded.node}`;
    return { kind: 'ignored', warning: warnOnce(state, sender, detail) };
  }
  const report = state.pages.add(decoded);
  return report === undefined ? { kind: 'incomplete' } : accept(state, report, facts);
}

/** Evidence about every instance, sorted by node and name. Removes nodes that have not been alive for too long. */
export function readInstances(state: LoadState, facts: LoadFacts): InstanceEvidence[] {
  forgetOld(state, facts);
  state.sorted ??= [...state.nodes.values()].toSorted((a, b) => compare(a.report.node, b.report.node));
  const all: InstanceEvidence[] = [];
  for (const known of state.sorted) {
    const { node, incarnation } = known.report;
    const alive = isAlive(known, state.limits, facts);
    const ageMs = facts.nowMs - known.arrivedAtMs;
    for (const load of known.instances) {
      const pending = known.pending.get(load.name)?.count ?? 0;
      all.push({ node, nodeIncarnation: incarnation, alive, suspect: known.suspect, ageMs, load, pending });
    }
  }
  return all;
}

/** Counts a request that is sent to the instance; the caller releases it when the request ends. */
export function openPending(
  { nodes }: LoadState,
  { node, nodeIncarnation, load }: InstanceEvidence,
): PendingRequest {
  const known = nodes.get(node);
  if (known === undefined || known.report.incarnation !== nodeIncarnation)
    return new PendingRequests().open();
  let pending = known.pending.get(load.name);
  if (pending === undefined) {
    pending = new PendingRequests();
    known.pending.set(load.name, pending);
  }
  return pending.open();
}

/** Records that the node did not answer: its instances are chosen last until its next report. */
export function suspectNode({ nodes }: LoadState, node: string): void {
  const known = nodes.get(node);
  if (known !== undefined) known.suspect = true;
}

/** Removes all nodes. */
export function clearNodes(state: LoadState): void {
  state.nodes.clear();
  state.sorted = undefined;
}

function accept(state: LoadState, report: LoadReport, facts: LoadFacts): ReportDecision {
  const known = state.nodes.get(report.node);
  if (known !== undefined && !isNewer(report, known.report)) {
    state.counters.stale += 1;
    return { kind: 'ignored' };
  }
  if (known === undefined) {
    forgetOld(state, facts);
    const { maxNodes } = state.limits;
    if (state.nodes.size >= maxNodes) {
      state.counters.overflow += 1;
      return { kind: 'ignored', warning: warnOnce(state, report.node, `more than ${maxNodes} nodes report`) };
    }
  }
  if (known === undefined || known.report.incarnation !== report.incarnation) addNode(state, report, facts);
  else update(known, report, facts);
  return { kind: 'accepted', report };
}

function addNode(state: LoadState, report: LoadReport, { nowMs }: LoadFacts): void {
  const instances = sortByName(report.instances);
  const pending = new Map<string, PendingRequests>();
  state.nodes.set(report.node, { report, instances, arrivedAtMs: nowMs, suspect: false, pending });
  state.sorted = undefined;
}

function update(known: NodeLoad, report: LoadReport, { nowMs }: LoadFacts): void {
  const instances = sortByName(report.instances);
  Object.assign(known, { report, instances, arrivedAtMs: nowMs, suspect: false });
  for (const [name, pending] of known.pending) {
    if (instances.some((instance) => instance.name === name)) pending.reported();
    else known.pending.delete(name);
  }
}

function isAlive({ report, arrivedAtMs }: NodeLoad, limits: LoadLimits, facts: LoadFacts): boolean {
  const member = facts.memberOf(report.node);
  // The first report of a new node, or of a new incarnation, may arrive before its announcement.
  if (member === undefined || member.incarnation < report.incarnation)
    return facts.nowMs - arrivedAtMs <= limits.staleEvidenceMs;
  return member.state === 'alive' && member.incarnation === report.incarnation;
}

function forgetOld(state: LoadState, facts: LoadFacts): void {
  for (const [name, known] of state.nodes) {
    if (facts.nowMs - known.arrivedAtMs < state.limits.forgetNodeMs) continue;
    if (isAlive(known, state.limits, facts)) continue;
    state.nodes.delete(name);
    state.sorted = undefined;
  }
}

function warnOnce({ warnedOf, limits }: LoadState, node: string, detail: string): string | undefined {
  if (warnedOf.has(node) || warnedOf.size >= limits.maxNodes) return undefined;
  warnedOf.add(node);
  return detail;
}

function isNewer(report: LoadReport, known: LoadReport): boolean {
  if (report.incarnation !== known.incarnation) return report.incarnation > known.incarnation;
  return report.seq > known.seq;
}

function sortByName(instances: readonly InstanceLoad[]): readonly InstanceLoad[] {
  return instances.toSorted((a, b) => compare(a.name, b.name));
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
