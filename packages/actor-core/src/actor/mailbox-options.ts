/** How many messages may wait for an actor, in which order, and what happens to further messages. */
export interface MailboxOptions {
  /** Most messages that wait, on each lane. @default 1000 */
  readonly capacity?: number;
  /**
   * What happens to a message when the mailbox is full. `backpressure`: as `reject`, but a sender that uses
   * `tellOrWait` is blocked until there is space; as many senders as `capacity` may wait. @default 'reject'
   */
  readonly overflow?: 'reject' | 'drop-newest' | 'drop-oldest' | 'backpressure';
  /**
   * The message with the smallest number is handled first; equal numbers in the order of arrival. A message without a
   * number (NaN, or the function throws) comes last. Not with `drop-oldest`. @default the order of arrival
   */
  readonly priorityOf?: (message: never) => number;
}
