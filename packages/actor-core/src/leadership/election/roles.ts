import {
  type DeposedReason,
  drawElectionMs,
  drawRetryMs,
  type ElectionEffect,
  type ElectionState,
  type KnownLeader,
} from './election-state.ts';

/** Follows the leader of this heartbeat. */
export function follow(
  state: ElectionState,
  out: ElectionEffect[],
  leader: KnownLeader,
  nowMs: number,
): void {
  if (state.role === 'leader') depose(state, out, 'newer-term', nowMs);
  state.role = 'follower';
  state.successor = '';
  state.term = leader.term;
  state.fence = leader.fence;
  // A lower fence is believed only when the higher ones were lost.
  state.goneFence = Math.min(state.goneFence, leader.fence - 1);
  state.heardAtMs = nowMs;
  state.quietSinceMs = nowMs;
  state.hasYielded = false;
  state.questions = 0;
  state.electionAtMs = drawElectionMs(state, nowMs);
  const known = state.leader;
  if (known?.node === leader.node && known.term === leader.term && known.fence === leader.fence) return;
  state.leader = leader;
  out.push({ kind: 'leader-changed', leader });
}

/** The leader with this fence has ended: a candidate need not wait for its silence. */
export function forget(state: ElectionState, out: ElectionEffect[], fence: number, nowMs: number): void {
  state.goneFence = Math.max(state.goneFence, fence);
  state.heardAtMs = Number.NEGATIVE_INFINITY;
  // A candidacy that is on its way goes on.
  if (state.role === 'follower')
    state.electionAtMs = nowMs + state.random.next() * state.config.vacancyJitterMs;
  if (state.leader === undefined) return;
  state.leader = undefined;
  out.push({ kind: 'leader-changed', leader: undefined });
}

/** The lead record was accepted. The first heartbeat is due at once. */
export function lead(
  state: ElectionState,
  out: ElectionEffect[],
  { term, fence }: { readonly term: number; readonly fence: number },
  nowMs: number,
): void {
  if (state.role === 'leader') depose(state, out, 'newer-term', nowMs);
  state.role = 'leader';
  state.term = term;
  state.fence = fence;
  state.leader = { node: state.node, incarnation: state.incarnation, term, fence };
  state.answers.clear();
  state.echoedAtMs = Number.NEGATIVE_INFINITY;
  state.ledSinceMs = nowMs;
  state.heartbeatAtMs = nowMs;
  state.handsOverUntilMs = undefined;
  state.successor = '';
  out.push({ kind: 'elected', term, fence }, { kind: 'leader-changed', leader: state.leader });
}

/** Ends the leadership, or a candidacy. The silence that a follower waits for is not changed. */
export function depose(
  state: ElectionState,
  out: ElectionEffect[],
  reason: DeposedReason,
  nowMs: number,
): void {
  if (state.role === 'follower') return;
  if (state.role !== 'leader') return retryLater(state, nowMs);
  abandon(state, nowMs);
  state.quietSinceMs = nowMs;
  state.leader = undefined;
  state.handsOverUntilMs = undefined;
  state.successor = '';
  out.push({ kind: 'deposed', reason }, { kind: 'leader-changed', leader: undefined });
}

/** Back to following, until the next silence: another leader was elected, or may be. */
export function abandon(state: ElectionState, nowMs: number): void {
  becomeFollower(state);
  state.electionAtMs = drawElectionMs(state, nowMs);
}

/**
 * Ends a candidacy that found no majority. The leader has been silent for the time of an election already, so the next
 * attempt of this node waits only for those of others, and not for another silence.
 */
export function retryLater(state: ElectionState, nowMs: number): void {
  becomeFollower(state);
  state.electionAtMs = drawRetryMs(state, nowMs);
}

function becomeFollower(state: ElectionState): void {
  state.role = 'follower';
  state.granted.clear();
}
