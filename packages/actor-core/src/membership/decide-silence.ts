import type { Announcement } from './announcement.ts';
import type { Evidence, MemberTable } from './member-table.ts';

/** Rhythm and limits of the announcements, milliseconds. */
export const announcing: {
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

/** What a listener to announcements remembers between two events. */
export interface SilenceState {
  /** When the next check is due, clock milliseconds. */
  readonly checkDueMs: number;
  /** Since when this node is disconnected from the bus; undefined while it is connected. */
  readonly disconnectedAtMs: number | undefined;
}

export interface SilenceStep {
  readonly state: SilenceState;
  readonly evidence: readonly Evidence[];
}

export function initialSilence(nowMs: number): SilenceState {
  return { checkDueMs: nowMs + announcing.checkMs, disconnectedAtMs: undefined };
}

/** Looks for silent nodes. Silence does not count while this node stalls or is disconnected. */
export function decideCheck(
  state: SilenceState,
  members: MemberTable,
  self: string,
  nowMs: number,
): SilenceStep {
  const lateMs = Math.max(0, nowMs - state.checkDueMs);
  const next: SilenceState = {
    ...state,
    checkDueMs: nowMs + announcing.checkMs,
  };
  // Announcements that arrived during the stall are still unread in the socket.
  const graceMs = lateMs >= announcing.stallMs ? lateMs : 0;
  const evidence: Evidence[] = graceMs > 0 ? [{ type: 'grace', forMs: graceMs }] : [];
  if (state.disconnectedAtMs === undefined) evidence.push(...silenceIn(members, self, nowMs - graceMs));
  return { state: next, evidence };
}

function silenceIn(members: MemberTable, self: string, nowMs: number): Evidence[] {
  const silent: string[] = [];
  const forgotten: string[] = [];
  for (const { node, state, announcedMs } of members.values()) {
    const silentMs = nowMs - announcedMs;
    if (node === self || silentMs < announcing.silenceMs) continue;
    if (state === 'alive') silent.push(node);
    else if (silentMs >= announcing.forgetMs) forgotten.push(node);
  }
  const evidence: Evidence[] = [];
  if (silent.length > 0) evidence.push({ type: 'silent', nodes: silent });
  if (forgotten.length > 0) evidence.push({ type: 'forgotten', nodes: forgotten });
  return evidence;
}

/** The other nodes reconnect too, each at its own time: every live one gets the full silence again. */
export function decideConnection(
  state: SilenceState,
  isConnected: boolean,
  nowMs: number,
): SilenceStep & { readonly isBack: boolean } {
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
