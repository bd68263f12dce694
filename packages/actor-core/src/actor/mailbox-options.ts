/** How many messages may wait for an actor, which goes first, and what becomes of those for which there is no room. */
export interface MailboxOptions {
  /** Messages waiting at most. @default 1000 */
  readonly capacity?: number;
  /**
   * What happens to a message that finds it full. `backpressure`: as `reject`, but whoever sends by `tellOrWait` waits
   * for room; as many as its capacity may wait. @default 'reject'
   */
  readonly overflow?: 'reject' | 'drop-newest' | 'drop-oldest' | 'backpressure';
  /**
   * The message with the smallest number is handled first, equals in the order they came; what has none (NaN, or
   * this throws) comes last. Not with `drop-oldest`. @default the order they came
   */
  readonly priorityOf?: (message: never) => number;
}
