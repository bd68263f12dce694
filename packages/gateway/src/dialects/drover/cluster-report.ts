import type {
  ClusterNode,
  ControlLeader,
  HeardLeader,
  MemberEvidence,
  View,
} from '@drover/actor-core/cluster';

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
  /** Number of the leadership period. */
  readonly term?: number;
  readonly fence?: number;
  /**
   * `led` · `silent`: its leader was not heard for 5 s · `vacant`: no leader was ever heard, or the last one has said
   * goodbye.
   */
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

/** Age from which a leader counts as silent. The control leader announces itself each second, others more often. */
const silentMs = 5_000;

const controlName = 'control';

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

/**
 * The groups, `control` first. The control leader counts as heard by its announcements of the view, not by its
 * heartbeats: a leader that announces no view controls nothing yet.
 */
export function groupStatuses(
  control: ControlLeader | undefined,
  heard: readonly HeardLeader[],
): readonly [GroupStatus, ...GroupStatus[]] {
  const term = heard.find(
    ({ group, leader }) => group === controlName && leader !== undefined && leader.fence === control?.fence,
  )?.leader?.term;
  const others = heard
    .filter(({ group }) => group !== controlName)
    .map(({ group, leader, ageMs }) => statusOf(group, leader, ageMs));
  const first =
    control === undefined
      ? statusOf(controlName, undefined, undefined)
      : statusOf(controlName, { ...control, ...(term !== undefined && { term }) }, control.ageMs);
  return [first, ...others];
}

function statusOf(
  name: string,
  leader: { readonly node: string; readonly term?: number; readonly fence: number } | undefined,
  ageMs: number | undefined,
): GroupStatus {
  const evidence = ageMs === undefined ? {} : { evidenceAgeMs: Math.round(ageMs) };
  if (leader === undefined) return { name, state: 'vacant', ...evidence };
  const { node, term, fence } = leader;
  const state = (ageMs ?? 0) > silentMs ? 'silent' : 'led';
  return { name, leader: node, ...(term !== undefined && { term }), fence, state, ...evidence };
}

export function clusterReport(
  { view, presence }: Pick<ClusterNode, 'view' | 'presence'>,
  heard: readonly HeardLeader[],
): ClusterReport {
  const { epoch = 0, members = [] } = viewStatus(view.current()) ?? {};
  const [control] = groupStatuses(view.controlLeader(), heard);
  return {
    epoch,
    control,
    members: members.map((member) => ({
      ...member,
      ...evidenceOf(presence.member(member.id), member.incarnation),
    })),
  };
}

/** `GET /api/v1/cluster/voters`. */
export interface VoterReport {
  readonly voters: readonly {
    readonly node: string;
    /** What this gateway hears of the voter: `alive` · `unreachable` · `left` · `unheard`. */
    readonly evidence: string;
    readonly evidenceAgeMs?: number;
  }[];
  /** Voters that must be alive to elect a leader. */
  readonly quorum: number;
  readonly alive: number;
}

export function voterReport(
  voters: readonly string[],
  presence: Pick<ClusterNode['presence'], 'member'>,
): VoterReport {
  const shown = voters.map((node) => {
    const heard = presence.member(node);
    return { node, ...evidenceOf(heard, heard?.incarnation ?? 0) };
  });
  const alive = shown.filter(({ evidence }) => evidence === 'alive').length;
  return { voters: shown, quorum: Math.floor(voters.length / 2) + 1, alive };
}

function evidenceOf(
  heard: MemberEvidence | undefined,
  incarnation: number,
): { readonly evidence: string; readonly evidenceAgeMs?: number } {
  if (heard === undefined || heard.incarnation !== incarnation) return { evidence: 'unheard' };
  return { evidence: heard.state, evidenceAgeMs: Math.round(heard.ageMs) };
}
