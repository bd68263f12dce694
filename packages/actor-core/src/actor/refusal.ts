import {
  ActorNotFoundError,
  DeadlockError,
  MailboxFullError,
  MessageRefusedError,
  NotStoredError,
  OutcomeUnknownError,
  QuarantinedError,
  TransportDisconnectedError,
} from '../errors.ts';
import type { ActorAddress } from './actor-ref.ts';
import type { DeadLetterReason } from './runtime-event.ts';

/** The error of a question that could not be delivered. */
export function refusal(to: ActorAddress, reason: DeadLetterReason): Error {
  switch (reason) {
    case 'no-such-actor':
    case 'stale-incarnation':
      return new ActorNotFoundError(to.node, to.path);
    case 'mailbox-full':
    case 'dropped':
    case 'stash-full':
      return new MailboxFullError(to.path);
    case 'bus-unavailable':
      return new TransportDisconnectedError();
    case 'not-stored':
      return new NotStoredError(to.path);
    case 'outcome-unknown':
      return new OutcomeUnknownError(to.path);
    case 'quarantined':
      return new QuarantinedError(to.path);
    case 'deadlock':
      return new DeadlockError(to.path);
    default:
      return new MessageRefusedError(to.path, reason);
  }
}
