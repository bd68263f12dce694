import type { ApiReply } from '../jetstream/jetstream-client.ts';
import { actualSequenceOf, errorCode, isTransient, troubleOf } from '../jetstream/jetstream-errors.ts';
import type { AppendOutcome } from './log.ts';

/** What the server answers to a publish into a stream. */
export interface PublishReply {
  readonly stream: string;
  readonly seq: number;
  readonly duplicate?: boolean;
}

/**
 * Translates the reply to a publish: the error map of JetStream (reference: actor-runtimes.md 6.2). `too-large`: the
 * record exceeds the limit of its log.
 */
export function appendOutcomeOf(reply: ApiReply<PublishReply>): AppendOutcome | 'too-large' {
  const { error } = reply;
  if (error === undefined)
    return { kind: 'appended', sequence: reply.seq, isDuplicate: reply.duplicate ?? false };
  switch (error.err_code) {
    case errorCode.wrongLastSequence:
      return { kind: 'wrong-sequence', actual: actualSequenceOf(error) };
    case errorCode.checkInFlight:
      return { kind: 'check-in-flight' };
    case errorCode.duplicateInBatch:
      return { kind: 'duplicate' };
    case errorCode.duplicateInProcess:
      // An earlier attempt of this write is being replicated: it may be accepted.
      return { kind: 'unanswered', cause: error };
    case errorCode.batchIncomplete:
      // Nothing of the batch is accepted. A part of it was lost on the way, or could not be stored: nats-server 2.15.1
      // answers the same on a full disk (measured). A repetition tells which.
      return { kind: 'refused', trouble: 'store-full', isTransient: true, cause: error };
    case errorCode.messageTooLarge:
      return 'too-large';
    default:
      return { kind: 'refused', trouble: troubleOf(error), isTransient: isTransient(error), cause: error };
  }
}
