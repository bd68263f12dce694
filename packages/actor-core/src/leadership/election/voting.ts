import type { ElectionMessage } from './election-message.ts';
import { type ElectionEffect, drawElectionMs, type ElectionState, isVoter } from './election-state.ts';
import { abandon, depose } from './roles.ts';
import { quorumOf } from './trust-window.ts';

/** Asks the voters whether an election could be won. No term changes: a node that was cut off deposes no leader. */
export function becomePreCandidate(state: ElectionState, out: ElectionEffect[], nowMs: number): void {
  if (!isVoter(state)) {
    state.electionAtMs = drawElectionMs(state, nowMs);
    return;
  }
  state.role = 'pre-candidate';
  state.electionAtMs = drawElectionMs(state, nowMs);
  ask(state, out, { kind: 'pre-vote', term: state.term + 1 }, nowMs);
}

/** Asks for votes in the next term. `isTransfer`: the leader asked for it. */
export function campaign(
  state: ElectionState,
  out: ElectionEffect[],
  isTransfer: boolean,
  nowMs: number,
): void {
  // This voter may have promised a vote that it no longer remembers.
  if (nowMs < state.abstainsUntilMs) return;
  state.role = 'candidate';
  state.term += 1;
  state.votedFor = state.node;
  state.electionAtMs = drawElectionMs(state, nowMs);
  ask(state, out, { kind: 'vote', term: state.term, isTransfer }, nowMs);
}

export function takePreVote(
  state: ElectionState,
  out: ElectionEffect[],
  from: string,
  term: number,
  nowMs: number,
): void {
  const isGranted = term > state.term && !isSticky(state, nowMs) && nowMs >= state.abstainsUntilMs;
  // A refusal carries the term of the voter, so that the candidate learns of a newer one.
  const answered = isGranted ? term : state.term;
  out.push({ kind: 'send', to: from, message: { kind: 'pre-vote-answer', term: answered, isGranted } });
}

export function takeVote(
  state: ElectionState,
  out: ElectionEffect[],
  from: string,
  { term, isTransfer }: Extract<ElectionMessage, { kind: 'vote' }>,
  nowMs: number,
): void {
  const mayVote = nowMs >= state.abstainsUntilMs && (isTransfer || !isSticky(state, nowMs));
  if (mayVote && term > state.term) {
    state.term = term;
    state.votedFor = undefined;
    depose(state, out, 'newer-term', nowMs);
  }
  const isGranted =
    mayVote && term === state.term && (state.votedFor === undefined || state.votedFor === from);
  if (isGranted) {
    state.votedFor = from;
    state.electionAtMs = drawElectionMs(state, nowMs);
  }
  out.push({ kind: 'send', to: from, message: { kind: 'vote-answer', term: state.term, isGranted } });
}

export function takeAnswer(
  state: ElectionState,
  out: ElectionEffect[],
  from: string,
  message: Extract<ElectionMessage, { kind: 'pre-vote-answer' | 'vote-answer' }>,
  nowMs: number,
): void {
  if (!message.isGranted) {
    if (message.term <= state.term) return;
    state.term = message.term;
    state.votedFor = undefined;
    depose(state, out, 'newer-term', nowMs);
    return;
  }
  const isPreVote = message.kind === 'pre-vote-answer';
  const asked = isPreVote ? state.term + 1 : state.term;
  if (state.role !== (isPreVote ? 'pre-candidate' : 'candidate') || message.term !== asked) return;
  state.granted.add(from);
  count(state, out, nowMs);
}

/** A voter that hears a leader keeps to it: one that was cut off cannot depose a healthy leader. */
function isSticky(state: ElectionState, nowMs: number): boolean {
  if (state.role === 'leader') return state.handsOverUntilMs === undefined;
  return nowMs - state.heardAtMs < state.config.electionMinMs;
}

function ask(state: ElectionState, out: ElectionEffect[], message: ElectionMessage, nowMs: number): void {
  state.granted.clear();
  state.granted.add(state.node);
  for (const voter of state.voters) if (voter !== state.node) out.push({ kind: 'send', to: voter, message });
  count(state, out, nowMs);
}

function count(state: ElectionState, out: ElectionEffect[], nowMs: number): void {
  if (state.granted.size < quorumOf(state.voters)) return;
  if (state.role === 'pre-candidate') return campaign(state, out, false, nowMs);
  if (state.role !== 'candidate') return abandon(state, nowMs);
  state.role = 'chosen';
  out.push({ kind: 'record', term: state.term });
}
