import type { HeardStoreReport, MemberEvidence } from '@drover/actor-core/cluster';
import type { InstanceEvidence } from '@drover/fleet';
import type { TlsStatus } from '../../tls/tls-keeper.ts';
import type { AuditStatus } from '../../audit/audit-chain.ts';
import type { RecentChanges } from '../../observe/member-changes.ts';
import type { GroupStatus, ViewStatus } from './cluster-report.ts';

/** `GET /api/v1/status` and `status --json`. Each part states the age and the source of its evidence. */
export interface StatusView {
  readonly nodes: readonly NodeStatus[];
  /** Members by the word of the control leader; absent while this gateway has received no view. */
  readonly view?: ViewStatus;
  readonly groups?: readonly GroupStatus[];
  /** Reason why the leader cannot keep records, from its last answer; absent while no fault is known. */
  readonly store?: StoreStatus;
  /** Time by which this gateway is behind the newest changes of the replicated memory; null before it was open. */
  readonly memoryLagMs?: number | null;
  /** What a confirmed write survives: `process`, `power`, `any-one`; `unknown` for a NATS that Drover does not run. */
  readonly durability?: string;
  /** What the hosts report about their records; a host that has not reported yet is missing. */
  readonly stores?: readonly StoreReportStatus[];
  /** The certificate of this gateway; absent for plain HTTP. */
  readonly tls?: TlsStatus;
  /** The audit chain of this gateway; absent where it records nothing. */
  readonly audit?: AuditStatus;
}

export type StoreReportStatus = Omit<HeardStoreReport, 'ageMs'> & { readonly evidenceAgeMs: number };

export function storeStatuses(reports: readonly HeardStoreReport[]): readonly StoreReportStatus[] {
  return reports.map(({ ageMs, ...report }) => ({ ...report, evidenceAgeMs: Math.round(ageMs) }));
}

export interface StoreStatus {
  /** `store-full` · `store-missing` · `store-unavailable`. */
  readonly code: string;
  readonly message: string;
  readonly evidenceAgeMs: number;
}

export interface NodeStatus {
  readonly id: string;
  readonly role: string;
  readonly pid: number;
  /** `alive` · `unreachable` · `left`. */
  readonly state: string;
  readonly incarnation: number;
  /** Age of the oldest evidence that this node's values come from. */
  readonly evidenceAgeMs: number;
  /**
   * `self`: this gateway about itself · `heartbeat`: presence · `load-report`: presence and the node-agent's report.
   */
  readonly evidenceSource: 'self' | 'heartbeat' | 'load-report';
  /** Delay of the node's timers; for this gateway, the larger of this delay and the wait of a new connection. */
  readonly lagMs: number;
  /** Another process that announces itself under this id, in an older incarnation. */
  readonly rival?: { readonly pid: number; readonly ageMs: number };
  /** How often this gateway lost the node, and saw it start anew, in the last ten minutes. */
  readonly changes: RecentChanges;
  readonly models: readonly ModelStatus[];
  /** The Ollama servers behind a node-agent. */
  readonly instances: readonly InstanceStatus[];
}

export interface ModelStatus {
  readonly name: string;
  /** Digests of the copies with this name, sorted; several if the Ollama servers of the node have different copies. */
  readonly digests: readonly string[];
  readonly loaded: boolean;
  readonly slots: number;
  readonly busy: number;
  readonly queued: number;
}

export interface InstanceStatus {
  readonly name: string;
  readonly url: string;
  readonly version: string;
  readonly simulated: boolean;
  readonly state: string;
  /** Why the instance is not ready; empty if there is no reason to report. */
  readonly reason: string;
  readonly slots: number;
  readonly busy: number;
  readonly queued: number;
  readonly maxQueue: number;
  /** Expected wait for a slot of a request that arrives now; absent if an older node-agent does not report it. */
  readonly waitMs?: number;
  readonly evidenceAgeMs: number;
  /** Models that the instance refuses although it answers probes, as its node-agent reports; empty while it serves. */
  readonly refusals: readonly RefusalStatus[];
}

export interface RefusalStatus {
  /** Absent if every model is refused. */
  readonly model?: string;
  readonly reason: string;
  readonly inRow: number;
  /** Milliseconds since the last refusal. */
  readonly ageMs: number;
}

/** The gateway that answers. */
export interface Self {
  readonly node: string;
  /** Wait of a client that opens a connection, in milliseconds. */
  readonly waitMs: number;
  /** How often it lost a node, and saw it start anew, of late. */
  changesOf(node: string): RecentChanges;
}

/** Merges presence and load reports into one view. Pure. */
export function statusOf(
  self: Self,
  members: readonly MemberEvidence[],
  instances: readonly InstanceEvidence[],
  store?: StoreStatus,
): StatusView {
  return {
    ...(store && { store }),
    nodes: members.map((member) =>
      nodeStatus(
        self,
        member,
        instances.filter(({ node }) => node === member.node),
      ),
    ),
  };
}

function nodeStatus(self: Self, member: MemberEvidence, instances: readonly InstanceEvidence[]): NodeStatus {
  const isSelf = member.node === self.node;
  const oldestReportMs = Math.max(0, ...instances.map(({ ageMs }) => ageMs));
  return {
    id: member.node,
    role: member.roles.join(','),
    pid: member.pid,
    state: member.state,
    incarnation: member.incarnation,
    evidenceAgeMs: Math.round(Math.max(isSelf ? 0 : member.ageMs, oldestReportMs)),
    evidenceSource: instances.length > 0 ? 'load-report' : isSelf ? 'self' : 'heartbeat',
    lagMs: Math.round(isSelf ? Math.max(member.lagMs, self.waitMs) : member.lagMs),
    ...(member.rival && { rival: { pid: member.rival.pid, ageMs: Math.round(member.rival.ageMs) } }),
    changes: self.changesOf(member.node),
    models: modelStatuses(instances),
    instances: instances.map(instanceStatus),
  };
}

function instanceStatus({ ageMs, load }: InstanceEvidence): InstanceStatus {
  return {
    name: load.name,
    url: load.url,
    version: load.version,
    simulated: load.simulated,
    state: load.state,
    reason: load.reason ?? '',
    slots: load.slots,
    busy: load.busy,
    queued: load.queued,
    maxQueue: load.maxQueue,
    ...(load.waitMs === undefined ? {} : { waitMs: load.waitMs }),
    evidenceAgeMs: Math.round(ageMs),
    refusals: (load.refusals ?? []).map(({ model, reason, inRow, ageMs: refusedMs }) => ({
      ...(model !== undefined && { model }),
      reason,
      inRow,
      ageMs: Math.round(refusedMs + ageMs),
    })),
  };
}

/** One entry per model, with the sum over the Ollama servers of a node. */
function modelStatuses(instances: readonly InstanceEvidence[]): readonly ModelStatus[] {
  const byName = new Map<string, ModelStatus>();
  for (const { load } of instances) {
    for (const model of load.models) {
      const known = byName.get(model.name);
      byName.set(model.name, {
        name: model.name,
        digests: [...new Set([...(known?.digests ?? []), model.digest])].toSorted(),
        loaded: model.loaded || (known?.loaded ?? false),
        slots: load.slots + (known?.slots ?? 0),
        busy: model.busy + (known?.busy ?? 0),
        queued: model.queued + (known?.queued ?? 0),
      });
    }
  }
  return [...byName.values()].toSorted((a, b) => (a.name < b.name ? -1 : Number(a.name > b.name)));
}
