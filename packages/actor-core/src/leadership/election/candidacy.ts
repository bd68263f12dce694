import type { PrivateMessage } from './election-message.ts';
import {
  drawElectionMs,
  drawRetryMs,
  type ElectionEffect,
  type ElectionState,
  isEligible,
} from './election-state.ts';
import { abandon } from './roles.ts';
import { quorumOf } from './trust-window.ts';

/*
 * When a node tries to lead, and what it asks before it may write the lead record:
 *
 * 1. The leader was silent for longer than `electionMinMs`.
 * 2. The node hears itself. A node whose own message does not come back from the bus is cut off, or the bus stands
 *    still. It would take the silence of everybody for the end of the leader.
 * 3. Where voters decide, a quorum would vote for it, and then does.
 */

/** The leader is silent. */
export function decideSilence(state: ElectionState, out: ElectionEffect[], nowMs: number): void {
  if (state.lagMs > state.config.maxLagMs) {
    // This process stood still. Heartbeats of the leader, and answers to its questions, may have arrived unread.
    state.electionAtMs = drawRetryMs(state, nowMs);
    return;
  }
  if (state.leader !== undefined) {
    state.leader = undefined;
    out.push({ kind: 'leader-changed', leader: undefined });
  }
  if (isEligible(state) && state.connected) becomePreCandidate(state, out, nowMs);
  else abandon(state, nowMs);
}

/** Asks whether an election could be won. No term changes: a node that was cut off deposes no leader. */
function becomePreCandidate(state: ElectionState, out: ElectionEffect[], nowMs: number): void {
  // Late answers to the same question count, and so does its late echo: where processes stand still, both come after
  // the wait for them is over.
  if (state.role !== 'pre-candidate') {
    state.granted.clear();
    state.askedAtMs = nowMs;
  }
  state.role = 'pre-candidate';
  state.questions += 1;
  state.electionAtMs = drawRetryMs(state, nowMs);
  out.push({ kind: 'probe', sentAtMs: nowMs });
  askOthers(state, out, { kind: 'pre-vote', term: state.term + 1 });
}

/** An own message came back. A pre-candidate that hears its question counts as asked, and votes for itself. */
export function takeEcho(
  state: ElectionState,
  out: ElectionEffect[],
  { sentAtMs }: { readonly sentAtMs: number },
  nowMs: number,
): void {
  state.echoedAtMs = Math.max(state.echoedAtMs, sentAtMs);
  if (state.role === 'pre-candidate' && sentAtMs >= state.askedAtMs) grant(state, out, state.node, nowMs);
}

/** Another member answered yes, or this node voted for itself. */
export function grant(state: ElectionState, out: ElectionEffect[], by: string, nowMs: number): void {
  state.granted.add(by);
  // The question is answered only if it can be answered: see the second rule above.
  if (!state.granted.has(state.node) || state.granted.size < quorumFor(state)) return;
  if (state.role === 'pre-candidate') return campaign(state, out, false, nowMs);
  if (state.role === 'candidate') becomeChosen(state, out);
}

/** Asks for votes in the next term. `isTransfer`: the leader asked for it. */
export function campaign(
  state: ElectionState,
  out: ElectionEffect[],
  isTransfer: boolean,
  nowMs: number,
): void {
  // This voter may have answered a leader that still counts on it.
  if (!isEligible(state) || nowMs < state.abstainsUntilMs) return;
  if (state.electorate === 'candidates') return becomeChosen(state, out);
  state.role = 'candidate';
  state.term = Math.max(state.term, state.vote.term) + 1;
  state.vote = { term: state.term, node: state.node };
  state.electionAtMs = drawRetryMs(state, nowMs);
  state.granted.clear();
  askOthers(state, out, { kind: 'vote', term: state.term, isTransfer });
  grant(state, out, state.node, nowMs);
}

/** The outcome of the write ends this role, not the time. */
function becomeChosen(state: ElectionState, out: ElectionEffect[]): void {
  state.role = 'chosen';
  state.electionAtMs = Number.POSITIVE_INFINITY;
  out.push({ kind: 'record', term: state.term + (state.electorate === 'candidates' ? 1 : 0) });
}

/** What the newest lead record says at the start, before anything was heard. */
export function takeKnown(
  state: ElectionState,
  { term, fence, isOver }: { readonly term: number; readonly fence: number; readonly isOver: boolean },
  nowMs: number,
): void {
  state.term = Math.max(state.term, term);
  state.fence = Math.max(state.fence, fence);
  if (state.role !== 'follower' || state.leader !== undefined) return;
  const vacantAtMs = nowMs + state.random.next() * state.config.vacancyJitterMs;
  state.electionAtMs = isOver ? vacantAtMs : drawElectionMs(state, nowMs);
}

function quorumFor({ electorate, voters }: ElectionState): number {
  return electorate === 'candidates' ? 1 : quorumOf(voters);
}

function askOthers({ voters, node }: ElectionState, out: ElectionEffect[], message: PrivateMessage): void {
  for (const voter of voters) if (voter !== node) out.push({ kind: 'send', to: voter, message });
}
