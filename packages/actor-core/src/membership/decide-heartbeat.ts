import type { Announcement } from './announcement.ts';
import type { Evidence, MemberTable } from './member-table.ts';

/** Rhythm and limits of the heartbeat, milliseconds. */
export const heartbeat: {
  readonly announceMs: number;
  readonly checkMs: number;
  readonly silenceMs: number;
  readonly forgetMs: number;
  readonly stallMs: number;
} = {
  /** Interval of the announcements. */
  announceMs: 1_000,
  /** Interval of the checks for silence. */
  checkMs: 250,
  /** Silence after which a node is unreachable. */
  silenceMs: 3_000,
  /** Silence after which a node that is gone is not listed any more. */
  forgetMs: 10 * 60_000,
  /** A check that runs this late shows that this node itself stalled. */
  stallMs: 500,
};

/** What the heartbeat of one node remembers between two events. */
export interface HeartbeatState {
  /** When the next check is due, clock milliseconds. */
  readonly checkDueMs: number;
  /** Since when this node is disconnected from the bus; undefined while it is connected. */
  readonly disconnectedAtMs: number | undefined;
  /** Largest lag of a check since the last announcement, milliseconds. */
  readonly lagMs: number;
}

export interface HeartbeatStep {
  readonly state: HeartbeatState;
  readonly evidence: readonly Evidence[];
}

export function initialHeartbeat(nowMs: number): HeartbeatState {
  return { checkDueMs: nowMs + heartbeat.checkMs, disconnectedAtMs: undefined, lagMs: 0 };
}

/** Looks for silent nodes. Silence does not count while this node stalls or is disconnected. */
export function decideCheck(
  state: HeartbeatState,
  members: MemberTable,
  self: string,
  nowMs: number,
): HeartbeatStep {
  const lateMs = Math.max(0, nowMs - state.checkDueMs);
  const next: HeartbeatState = {
    ...state,
    checkDueMs: nowMs + heartbeat.checkMs,
    lagMs: Math.max(state.lagMs, Math.round(lateMs)),
  };
  // Announcements that arrived during the stall are still unread in the socket.
  const graceMs = lateMs >= heartbeat.stallMs ? lateMs : 0;
  const evidence: Evidence[] = graceMs > 0 ? [{ type: 'grace', forMs: graceMs }] : [];
  if (state.disconnectedAtMs === undefined) evidence.push(...silenceIn(members, self, nowMs - graceMs));
  return { state: next, evidence };
}

function silenceIn(members: MemberTable, self: string, nowMs: number): Evidence[] {
  const silent: string[] = [];
  const forgotten: string[] = [];
  for (const { node, state, announcedMs } of members.values()) {
    const silentMs = nowMs - announcedMs;
    if (node === self || silentMs < heartbeat.silenceMs) continue;
    if (state === 'alive') silent.push(node);
    else if (silentMs >= heartbeat.forgetMs) forgotten.push(node);
  }
  const evidence: Evidence[] = [];
  if (silent.length > 0) evidence.push({ type: 'silent', nodes: silent });
  if (forgotten.length > 0) evidence.push({ type: 'forgotten', nodes: forgotten });
  return evidence;
}

/** The other nodes reconnect too, each at its own time: every live one gets the full silence again. */
export function decideConnection(
  state: HeartbeatState,
  isConnected: boolean,
  nowMs: number,
): HeartbeatStep & { readonly isBack: boolean } {
  if (!isConnected)
    return {
      state: { ...state, disconnectedAtMs: state.disconnectedAtMs ?? nowMs },
      evidence: [],
      isBack: false,
    };
  if (state.disconnectedAtMs === undefined) return { state, evidence: [], isBack: false };
  return {
    state: { ...state, disconnectedAtMs: undefined },
    evidence: [{ type: 'reconnected' }],
    isBack: true,
  };
}

/** Whether `other` is the newer process. In the same millisecond the greater process id counts as newer. */
export function isNewerProcess(
  other: Pick<Announcement, 'incarnation' | 'pid'>,
  own: Pick<Announcement, 'incarnation' | 'pid'>,
): boolean {
  return other.incarnation === own.incarnation ? other.pid > own.pid : other.incarnation > own.incarnation;
}
