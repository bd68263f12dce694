import {
  ActorNotFoundError,
  DeadlockError,
  MailboxFullError,
  MessageRefusedError,
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
    case 'deadlock':
      return new DeadlockError(to.path);
    default:
      return new MessageRefusedError(to.path, reason);
  }
}
