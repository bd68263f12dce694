/** Something that happened to a message, on this node. */
export type QueueEvent = QueueEventKind & {
  readonly tenant: string;
  readonly queue: string;
  readonly id: string;
  /** Number of the delivery that the event is about, from 1. */
  readonly attempt: number;
};

type QueueEventKind =
  /** Its taker gave it back: it is delivered again after the delay. */
  | { readonly type: 'given-back'; readonly delayMs: number; readonly reason: string }
  /**
   * It was delivered again. `given-back`: see above · `not-acknowledged`: the lease of the delivery before ended, or
   * its taker gave it back on another node.
   */
  | { readonly type: 'redelivered'; readonly cause: 'given-back' | 'not-acknowledged' }
  /** It is delivered no more, unless it is replayed. */
  | { readonly type: 'dead'; readonly reason: string }
  /** A dead message waits again. `attempt` is 0. */
  | { readonly type: 'replayed' };
