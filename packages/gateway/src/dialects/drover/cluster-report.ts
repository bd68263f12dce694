import type { ClusterNode, ControlLeader, MemberEvidence, View } from '@drover/actor-core/cluster';

/** The view of the cluster in `GET /api/v1/status`; absent as long as this gateway has received none. */
export interface ViewStatus {
  readonly epoch: number;
  readonly members: readonly ViewMemberStatus[];
}

export interface ViewMemberStatus {
  readonly id: string;
  readonly incarnation: number;
  /** `up` · `draining` · `leaving` · `left` · `dead`. */
  readonly state: string;
  readonly roles: readonly string[];
  readonly version?: string;
  readonly zone?: string;
  readonly capacity?: Readonly<Record<string, number>>;
}

/** A group of the control plane in `GET /api/v1/status`. */
export interface GroupStatus {
  readonly name: string;
  readonly leader?: string;
  readonly fence?: number;
  /** `led` · `silent`: its leader was not heard for 5 s · `vacant`: no leader was ever heard. */
  readonly state: string;
  readonly evidenceAgeMs?: number;
}

/** `GET /api/v1/cluster/members`. */
export interface ClusterReport {
  readonly epoch: number;
  readonly control: GroupStatus;
  readonly members: readonly (ViewMemberStatus & {
    /** What this gateway hears of the member: `alive` · `unreachable` · `left` · `unheard`. */
    readonly evidence: string;
    readonly evidenceAgeMs?: number;
  })[];
}

/** Age from which the control leader counts as silent; it announces itself each second. */
const silentMs = 5_000;

export function viewStatus(view: View | undefined): ViewStatus | undefined {
  if (view === undefined) return undefined;
  return {
    epoch: view.epoch,
    members: view.members.map(({ id, incarnation, state, roles, metadata }) => ({
      id,
      incarnation,
      state,
      roles,
      ...metadata,
    })) as readonly ViewMemberStatus[],
  };
}

export function controlStatus(leader: ControlLeader | undefined): GroupStatus {
  if (leader === undefined) return { name: 'control', state: 'vacant' };
  const { node, fence, ageMs } = leader;
  const state = ageMs > silentMs ? 'silent' : 'led';
  return { name: 'control', leader: node, fence, state, evidenceAgeMs: Math.round(ageMs) };
}

export function clusterReport({ view, presence }: Pick<ClusterNode, 'view' | 'presence'>): ClusterReport {
  const { epoch = 0, members = [] } = viewStatus(view.current()) ?? {};
  return {
    epoch,
    control: controlStatus(view.controlLeader()),
    members: members.map((member) => ({
      ...member,
      ...evidenceOf(presence.member(member.id), member.incarnation),
    })),
  };
}

function evidenceOf(
  heard: MemberEvidence | undefined,
  incarnation: number,
): { readonly evidence: string; readonly evidenceAgeMs?: number } {
  if (heard === undefined || heard.incarnation !== incarnation) return { evidence: 'unheard' };
  return { evidence: heard.state, evidenceAgeMs: Math.round(heard.ageMs) };
}
