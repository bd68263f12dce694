import type {
  LeadRecord,
  LeadershipEffect,
  LeadershipEvent,
  LeadershipState,
  LeadershipStep,
} from './leadership-state.ts';
import type { LeaderInfo } from './leadership.ts';

/**
 * The rules of leadership as a pure function: announcements, records and the outcomes of writes in, effects out.
 *
 * Safety rests on the lead record alone. A candidate writes it by compare-and-set on the sequence of the record that it
 * has read, so of two candidates one loses; the sequence of the new record fences every later write. All other rules
 * (silence, jitter, resignation) only decide when a candidate tries.
 *
 * ```
 *            silence, read            compare-and-set won
 * follower ───────────────→ candidate ───────────────────→ leader
 *    ↑  └── read: record is mine ─────────────────────────↗   │
 *    └────── higher fence, rejected, a lease without bus ←────┘      resigned: for good
 * ```
 */

const announceMs = 500;
/** Share of the lease during which a leader without connection still trusts its lease. */
const trustedShare = 0.8;
/** Longest random wait before a vacant leadership is tried for: spreads the candidates out (thundering herd). */
const vacancyJitterMs = 150;
const retryMs = 250;

export function initialLeadership(
  self: string,
  incarnation: number,
  isCandidate: boolean,
  leaseMs: number,
  nowMs: number,
): LeadershipState {
  return {
    self,
    incarnation,
    isCandidate,
    leaseMs,
    role: 'follower',
    lead: undefined,
    isAnnounced: false,
    isConfirmed: false,
    electionAtMs: nowMs,
    announceAtMs: nowMs,
    lastTickMs: nowMs,
    disconnectedAtMs: undefined,
    isBusy: false,
  };
}

/** Whether this node leads and may act on it now. */
export function mayAct(state: LeadershipState, nowMs: number): boolean {
  if (state.role !== 'leader' || !state.isConfirmed) return false;
  // A node that was disconnected, or did not run at all, for that long may have been replaced.
  if (state.disconnectedAtMs !== undefined && nowMs >= trustedUntilMs(state)) return false;
  return nowMs - state.lastTickMs < state.leaseMs;
}

/**
 * Instant at which a disconnected leader stops acting by itself. It counts from the last announcement, which no
 * follower can have received before it was sent, so it is earlier than the end of the lease at every follower.
 */
function trustedUntilMs(state: LeadershipState): number {
  return state.announceAtMs - announceMs + trustedShare * state.leaseMs;
}

/** Next state and effects of an event; `jitter` is uniform in [0, 1). */
export function decideLeadership(
  state: LeadershipState,
  event: LeadershipEvent,
  nowMs: number,
  jitter: number,
): LeadershipStep {
  switch (event.type) {
    case 'tick':
      return decideTick(state, nowMs, jitter);
    case 'announced':
      return decideAnnounced(state, event, nowMs, jitter);
    case 'read':
      return decideRead({ ...state, isBusy: false }, event.record, nowMs, jitter);
    case 'read-failed':
    case 'unknown':
      return {
        state: { ...backToFollower(state), electionAtMs: nowMs + retryMs * (1 + jitter) },
        effects: [],
      };
    case 'won':
      return lead(
        { ...state, isBusy: false },
        { leader: state.self, incarnation: state.incarnation, term: event.term, sequence: event.fence },
        nowMs,
      );
    case 'lost':
      return state.role === 'resigned'
        ? idle(state)
        : { state: { ...backToFollower(state), isBusy: true }, effects: [{ type: 'read' }] };
    case 'member':
      return decideMember(state, event, nowMs, jitter);
    case 'connection':
      return decideConnection(state, event.isConnected, nowMs, jitter);
    case 'rejected':
      if (state.role !== 'leader' || event.fence < (state.lead?.fence ?? 0)) return idle(state);
      return stepDown(state, nowMs + state.leaseMs, [{ type: 'read' }]);
    default:
      return decideResign(state);
  }
}

function decideTick(before: LeadershipState, nowMs: number, jitter: number): LeadershipStep {
  const state = { ...before, lastTickMs: nowMs };
  if (state.role === 'leader')
    return decideLeaderTick(state, nowMs, nowMs - before.lastTickMs >= state.leaseMs);
  if (
    state.role === 'resigned' ||
    state.disconnectedAtMs !== undefined ||
    state.isBusy ||
    nowMs < state.electionAtMs
  )
    return idle(state);
  // The leader was silent for its lease: it is no longer reported as leader, and candidates read the record.
  const changed: LeadershipEffect[] = state.isAnnounced ? [{ type: 'changed' }] : [];
  if (!state.isCandidate)
    return {
      state: { ...state, isAnnounced: false, electionAtMs: nextElection(state, nowMs, jitter) },
      effects: changed,
    };
  return { state: { ...state, isAnnounced: false, isBusy: true }, effects: [...changed, { type: 'read' }] };
}

function decideLeaderTick(state: LeadershipState, nowMs: number, hasStalled: boolean): LeadershipStep {
  if (state.disconnectedAtMs !== undefined) {
    return nowMs >= trustedUntilMs(state) ? stepDown(state, nowMs, []) : idle(state);
  }
  if (hasStalled && !state.isBusy)
    return {
      state: { ...state, isConfirmed: false, isBusy: true },
      effects: [{ type: 'read' }, { type: 'changed' }],
    };
  // Reading the record after the stall has failed: read it again.
  if (!state.isConfirmed && !state.isBusy)
    return { state: { ...state, isBusy: true }, effects: [{ type: 'read' }] };
  if (!state.isConfirmed || nowMs < state.announceAtMs || state.lead === undefined) return idle(state);
  return {
    state: { ...state, announceAtMs: nowMs + announceMs },
    effects: [announcement(state.lead, false)],
  };
}

function decideAnnounced(
  state: LeadershipState,
  announced: Extract<LeadershipEvent, { type: 'announced' }>,
  nowMs: number,
  jitter: number,
): LeadershipStep {
  const known = state.lead;
  if (known !== undefined && (announced.term < known.term || announced.fence < known.fence))
    return idle(state);
  // A candidate ignores its own announcements. A node that only follows sends none: such an announcement comes from
  // another member of the group on the same node.
  if (announced.from === state.self && state.isCandidate) return idle(state);
  const isNew = known === undefined || announced.fence > known.fence;
  const newLead = isNew
    ? {
        node: announced.from,
        nodeIncarnation: announced.incarnation,
        term: announced.term,
        fence: announced.fence,
      }
    : known;
  if (announced.isResigning) {
    return {
      state: { ...state, lead: newLead, isAnnounced: false, electionAtMs: nowMs + vacancyJitterMs * jitter },
      effects: state.isAnnounced ? [{ type: 'changed' }] : [],
    };
  }
  return {
    state: {
      ...state,
      role: state.role === 'resigned' ? 'resigned' : 'follower',
      lead: newLead,
      isAnnounced: true,
      isConfirmed: false,
      electionAtMs: nextElection(state, nowMs, jitter),
    },
    effects: isNew || !state.isAnnounced ? [{ type: 'changed' }] : [],
  };
}

function decideRead(
  state: LeadershipState,
  record: LeadRecord | undefined,
  nowMs: number,
  jitter: number,
): LeadershipStep {
  if (state.role === 'resigned') return idle(state);
  if (record === undefined) return campaign(state, 1, 0);
  // A record older than the known one changes nothing: another node may have written since.
  if (state.lead !== undefined && record.sequence < state.lead.fence) return wait(state, nowMs, jitter);
  if (record.leader === state.self && record.incarnation === state.incarnation)
    return lead(state, record, nowMs);
  const isNews = state.lead === undefined || record.sequence > state.lead.fence;
  const known = isNews ? { ...state, lead: infoOf(record), isAnnounced: false } : state;
  const wasLeading = state.role === 'leader';
  const follower: LeadershipState = { ...known, role: 'follower', isConfirmed: false };
  if (isOver(state, record)) return campaign(follower, record.term + 1, record.sequence);
  // The writer of a new record gets the time of a lease to announce itself.
  if (isNews || state.isAnnounced)
    return wait(follower, nowMs, jitter, wasLeading ? [{ type: 'changed' }] : []);
  return campaign(follower, record.term + 1, record.sequence);
}

/** The record names an earlier incarnation of this node. */
function isOver(state: LeadershipState, record: LeadRecord): boolean {
  return record.leader === state.self && record.incarnation < state.incarnation;
}

function decideMember(
  state: LeadershipState,
  member: Extract<LeadershipEvent, { type: 'member' }>,
  nowMs: number,
  jitter: number,
): LeadershipStep {
  const { lead: known } = state;
  if (
    known === undefined ||
    state.role === 'leader' ||
    state.role === 'resigned' ||
    member.node !== known.node
  )
    return idle(state);
  const isGone =
    member.incarnation > known.nodeIncarnation ||
    (member.state === 'left' && member.incarnation >= known.nodeIncarnation);
  if (!isGone) return idle(state);
  return {
    state: {
      ...state,
      isAnnounced: false,
      electionAtMs: Math.min(state.electionAtMs, nowMs + vacancyJitterMs * jitter),
    },
    effects: state.isAnnounced ? [{ type: 'changed' }] : [],
  };
}

function decideConnection(
  state: LeadershipState,
  isConnected: boolean,
  nowMs: number,
  jitter: number,
): LeadershipStep {
  if (!isConnected) return idle({ ...state, disconnectedAtMs: state.disconnectedAtMs ?? nowMs });
  const back: LeadershipState = { ...state, disconnectedAtMs: undefined };
  if (state.role === 'leader' && state.lead !== undefined) {
    if (nowMs >= trustedUntilMs(state)) return stepDown(back, nowMs, [{ type: 'read' }]);
    return {
      state: { ...back, announceAtMs: nowMs + announceMs },
      effects: [announcement(state.lead, false)],
    };
  }
  // No announcement could arrive while disconnected, so the silence is counted from now.
  return idle({ ...back, electionAtMs: nextElection(state, nowMs, jitter) });
}

function decideResign(state: LeadershipState): LeadershipStep {
  if (state.role === 'resigned') return idle(state);
  const wasLeading = state.role === 'leader';
  const resigned: LeadershipState = {
    ...state,
    role: 'resigned',
    isAnnounced: state.isAnnounced && !wasLeading,
    isConfirmed: false,
  };
  if (!wasLeading || state.lead === undefined) return idle(resigned);
  return { state: resigned, effects: [announcement(state.lead, true), { type: 'changed' }] };
}

function lead(state: LeadershipState, record: LeadRecord, nowMs: number): LeadershipStep {
  // The write succeeded after this node resigned or learnt of a newer leader: the record stays, and this node does not
  // lead.
  if (state.role === 'resigned') return { state, effects: [announcement(infoOf(record), true)] };
  if (state.lead !== undefined && state.lead.fence > record.sequence)
    return idle({ ...state, role: 'follower' });
  const leading: LeadershipState = {
    ...state,
    role: 'leader',
    lead: infoOf(record),
    isAnnounced: true,
    isConfirmed: true,
    announceAtMs: nowMs + announceMs,
    lastTickMs: nowMs,
  };
  return { state: leading, effects: [announcement(infoOf(record), false), { type: 'changed' }] };
}

function campaign(state: LeadershipState, term: number, expectedSequence: number): LeadershipStep {
  if (!state.isCandidate) return idle(state);
  return {
    state: { ...state, role: 'candidate', isBusy: true },
    effects: [{ type: 'campaign', term, expectedSequence }],
  };
}

function stepDown(
  state: LeadershipState,
  electionAtMs: number,
  effects: readonly LeadershipEffect[],
): LeadershipStep {
  const isBusy = effects.some((effect) => effect.type === 'read');
  return {
    state: { ...state, role: 'follower', isAnnounced: false, isConfirmed: false, electionAtMs, isBusy },
    effects: [...effects, { type: 'changed' }],
  };
}

function wait(
  state: LeadershipState,
  nowMs: number,
  jitter: number,
  effects: readonly LeadershipEffect[] = [],
): LeadershipStep {
  return { state: { ...backToFollower(state), electionAtMs: nextElection(state, nowMs, jitter) }, effects };
}

function backToFollower(state: LeadershipState): LeadershipState {
  return { ...state, role: state.role === 'candidate' ? 'follower' : state.role, isBusy: false };
}

function nextElection(state: LeadershipState, nowMs: number, jitter: number): number {
  return nowMs + state.leaseMs * (1 + jitter / 2);
}

function announcement({ term, fence }: LeaderInfo, isResigning: boolean): LeadershipEffect {
  return { type: 'announce', term, fence, isResigning };
}

function infoOf(record: LeadRecord): LeaderInfo {
  return {
    node: record.leader,
    nodeIncarnation: record.incarnation,
    term: record.term,
    fence: record.sequence,
  };
}

function idle(state: LeadershipState): LeadershipStep {
  return { state, effects: [] };
}
