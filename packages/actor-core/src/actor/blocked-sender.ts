import type { DeadLetterReason } from './runtime-event.ts';

/** A sender that waits until its message is in a mailbox; see `ActorSystem.tellOrWait`. */
export interface BlockedSender {
  /** True when the sender no longer waits. */
  readonly isOver: boolean;
  /** The message is in the mailbox. */
  accepted(): void;
  /** The message will never be in the mailbox. */
  refuse(reason: DeadLetterReason): void;
}
