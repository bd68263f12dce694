import type { StoreTrouble } from '../../errors.ts';
import type { AppendOutcome, Expectation, LogRecord } from './log.ts';

/**
 * Decides what follows an attempt to write. The rules (reference: actor-runtimes.md 6.2):
 *
 * - An unanswered attempt may have been accepted. After it, nothing is repeated or reported as rejected before the
 *   record was searched at the leader by its message id.
 * - "Wrong sequence" (10071) means rejected only if no attempt can have been accepted. An accepted attempt often is the
 *   reason why its own repetition is refused, and a later writer may have replaced its record.
 * - A repetition of a write that asserts nothing asserts what the look saw, in a log that keeps one record of each
 *   subject: the look may have been answered by a server that lags behind, and the server may have forgotten the
 *   message id. The record, stored twice, would replace what others wrote in between.
 * - "Check in flight" (10164) does not show which writer is newer: repeat.
 */
export interface WriteState {
  /** What the write asserts, if anything. */
  readonly expect: Expectation | undefined;
  /** What a repetition of a write that asserts nothing asserts: the newest record that the last look saw. */
  readonly seen: Expectation | undefined;
  /** An attempt was not answered, or the server reported a duplicate. */
  readonly mayBeAccepted: boolean;
  /** A look showed that the log answers reads and has not accepted the write. */
  readonly isAbsent: boolean;
  /** The answer of the last attempt, once a look has to explain it. */
  readonly last: AppendOutcome | undefined;
}

/** What to do next. */
export type WriteStep =
  | { readonly do: 'finish'; readonly outcome: WriteOutcome }
  /** The outcome is unknown, or the store refused: `isRefused` when no attempt can have been accepted. */
  | {
      readonly do: 'fail';
      readonly trouble: StoreTrouble;
      readonly cause: unknown;
      readonly isRefused: boolean;
    }
  /** Repeat the attempt after a pause. */
  | { readonly do: 'repeat'; readonly state: WriteState }
  /** Look for the record at the leader. */
  | { readonly do: 'look'; readonly state: WriteState };

/** What became of a write. */
export type WriteOutcome =
  /** `isDuplicate`: not by this write, but by an earlier one with the same message id. */
  | { readonly kind: 'written'; readonly sequence: number; readonly isDuplicate?: true }
  /**
   * Certainly not written: the expectation did not hold. `actual`: the newest sequence, where the server reports it.
   */
  | { readonly kind: 'rejected'; readonly actual: number | undefined };

/** Whether the record of a write is in the log. */
export type Evidence =
  | { readonly kind: 'found'; readonly sequence: number }
  /** No attempt so far was accepted. `seen`: what a repetition must find unchanged. */
  | { readonly kind: 'absent'; readonly seen?: Expectation | undefined }
  /** It is not there now, and may have been removed or replaced. */
  | { readonly kind: 'inconclusive' };

/** The state before the first attempt. */
export function beginWrite(expect: Expectation | undefined): WriteState {
  return { expect, seen: undefined, mayBeAccepted: false, isAbsent: false, last: undefined };
}

/** What follows the outcome of an attempt. */
export function decideAfterAttempt(state: WriteState, outcome: AppendOutcome): WriteStep {
  switch (outcome.kind) {
    case 'appended':
      return { do: 'finish', outcome: writtenBy(state, outcome) };
    case 'duplicate':
    case 'unanswered':
      return { do: 'look', state: { ...state, mayBeAccepted: true, last: outcome } };
    case 'check-in-flight':
      return { do: 'repeat', state };
    case 'wrong-sequence':
      // The server reports exactly the expected sequence and refuses it: its state is not settled yet.
      if (outcome.actual !== undefined && outcome.actual === (state.expect ?? state.seen)?.sequence)
        return { do: 'repeat', state };
      if (state.mayBeAccepted) return { do: 'look', state: { ...state, last: outcome } };
      return { do: 'finish', outcome: { kind: 'rejected', actual: outcome.actual } };
    default:
      // Refused.
      if (state.mayBeAccepted) return { do: 'look', state: { ...state, last: outcome } };
      if (outcome.isTransient) return { do: 'repeat', state: { ...state, last: outcome } };
      return { do: 'fail', trouble: outcome.trouble, cause: outcome.cause, isRefused: true };
  }
}

function writtenBy(
  { mayBeAccepted }: WriteState,
  { sequence, isDuplicate }: { readonly sequence: number; readonly isDuplicate: boolean },
): WriteOutcome {
  return isDuplicate && !mayBeAccepted
    ? { kind: 'written', sequence, isDuplicate: true }
    : { kind: 'written', sequence };
}

/** What follows a look for the record. */
export function decideAfterLook(state: WriteState, evidence: Evidence): WriteStep {
  const { last, expect } = state;
  const cause = last !== undefined && 'cause' in last ? last.cause : undefined;
  if (evidence.kind === 'found')
    return { do: 'finish', outcome: { kind: 'written', sequence: evidence.sequence } };
  if (evidence.kind === 'inconclusive' || last?.kind === 'duplicate')
    return { do: 'fail', trouble: 'store-unavailable', cause, isRefused: false };
  // Sequences only grow: an attempt that is still on its way meets the same refusal.
  if (last?.kind === 'wrong-sequence' && expect !== undefined)
    return { do: 'finish', outcome: { kind: 'rejected', actual: last.actual } };
  if (last?.kind === 'refused' && !last.isTransient)
    return { do: 'fail', trouble: last.trouble, cause, isRefused: false };
  return { do: 'repeat', state: { ...state, isAbsent: true, seen: evidence.seen } };
}

/** What a look at the records of one subject shows. */
export interface Look {
  readonly messageId: string;
  /** Records of the subject that are newer than every record known before the first attempt. */
  readonly younger: readonly LogRecord[];
  /** Whether `younger` holds all such records that are left in the log. */
  readonly isComplete: boolean;
  /** Records that the log keeps of the subject; 0 is all. */
  readonly historyPerSubject: number;
  /** Whether the record may be gone without a newer one: its time to live is over. */
  readonly mayVanish: boolean;
}

/** Reads the evidence out of the records of the subject. */
export function evidenceOf(look: Look): Evidence {
  const own = look.younger.find((record) => record.messageId === look.messageId);
  if (own !== undefined) return { kind: 'found', sequence: own.sequence };
  const { younger, historyPerSubject } = look;
  const mayBeReplaced =
    (historyPerSubject > 0 && younger.length >= historyPerSubject) ||
    younger.some((record) => record.replacesSubject || record.isExpiry);
  return !look.isComplete || mayBeReplaced || look.mayVanish ? { kind: 'inconclusive' } : { kind: 'absent' };
}
