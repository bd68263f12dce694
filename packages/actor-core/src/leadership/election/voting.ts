import { grant } from './candidacy.ts';
import type { ElectionMessage } from './election-message.ts';
import { drawElectionMs, type ElectionEffect, type ElectionState } from './election-state.ts';
import { depose, retryLater } from './roles.ts';

/** Answers whether this voter would vote for the candidate. */
export function takePreVote(
  state: ElectionState,
  out: ElectionEffect[],
  from: string,
  term: number,
  nowMs: number,
): void {
  const isGranted = term > state.term && !isSticky(state, nowMs) && nowMs >= state.abstainsUntilMs;
  if (isGranted) yieldOnce(state, from, nowMs);
  // A refusal carries the term of the voter, so that the candidate learns of a newer one.
  const answered = isGranted ? term : state.term;
  out.push({ kind: 'send', to: from, message: { kind: 'pre-vote-answer', term: answered, isGranted } });
}

/**
 * Lets the candidate finish before this voter tries itself: two candidacies at once share the votes, and fail.
 * Once in each silence, so that a candidate that hears no answers cannot keep all others from trying.
 */
function yieldOnce(state: ElectionState, to: string, nowMs: number): void {
  const mayYield = state.role === 'follower' || (state.role === 'pre-candidate' && to < state.node);
  if (!mayYield || state.hasYielded) return;
  state.hasYielded = true;
  const electionAtMs = state.role === 'follower' ? state.electionAtMs : nowMs;
  retryLater(state, nowMs);
  state.electionAtMs = Math.max(state.electionAtMs, electionAtMs);
}

/** Gives one vote in each term. */
export function takeVote(
  state: ElectionState,
  out: ElectionEffect[],
  from: string,
  { term, isTransfer }: Extract<ElectionMessage, { kind: 'vote' }>,
  nowMs: number,
): void {
  // The leader's newest heartbeat must say so: a request that comes late must not depose a leader that goes on.
  const isHandedOver = isTransfer && state.successor === from;
  const mayVote = nowMs >= state.abstainsUntilMs && (isHandedOver || !isSticky(state, nowMs));
  if (mayVote && term > state.term) {
    state.term = term;
    depose(state, out, 'newer-term', nowMs);
  }
  const { vote } = state;
  const isFree = term > vote.term || (term === vote.term && vote.node === from);
  const isGranted = mayVote && term === state.term && isFree;
  if (isGranted) {
    state.vote = { term, node: from };
    state.electionAtMs = drawElectionMs(state, nowMs);
  }
  out.push({ kind: 'send', to: from, message: { kind: 'vote-answer', term: state.term, isGranted } });
}

/** The answer of a voter to the question of this candidate. */
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
    depose(state, out, 'newer-term', nowMs);
    return;
  }
  const isPreVote = message.kind === 'pre-vote-answer';
  const asked = isPreVote ? state.term + 1 : state.term;
  if (state.role !== (isPreVote ? 'pre-candidate' : 'candidate') || message.term !== asked) return;
  grant(state, out, from, nowMs);
}

/** A voter that hears a leader keeps to it: one that was cut off cannot depose a healthy leader. */
function isSticky(state: ElectionState, nowMs: number): boolean {
  if (state.role === 'leader') return true;
  return nowMs - state.heardAtMs < state.config.electionMinMs;
}
