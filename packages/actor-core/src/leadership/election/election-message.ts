/** What the members of a group send each other. The sender is pinned by the NATS subject. */
export type ElectionMessage = PrivateMessage | Heartbeat;

/** A message from one member to another. */
export type PrivateMessage =
  /** Would you vote for me in this term? Changes nothing at the receiver (Raft thesis 9.6). */
  | { readonly kind: 'pre-vote'; readonly term: number }
  | { readonly kind: 'pre-vote-answer'; readonly term: number; readonly isGranted: boolean }
  /** `isTransfer`: the present leader hands over to the sender, so that its followers need not wait for its silence. */
  | { readonly kind: 'vote'; readonly term: number; readonly isTransfer: boolean }
  | { readonly kind: 'vote-answer'; readonly term: number; readonly isGranted: boolean }
  /** From a voter. `term`: the receiver's, which is higher where the leader is outdated. */
  | { readonly kind: 'heartbeat-answer'; readonly term: number; readonly sentAtMs: number };

/** From the leader to everybody. */
export interface Heartbeat {
  readonly kind: 'heartbeat';
  readonly term: number;
  /** Sequence of its lead record. */
  readonly fence: number;
  /** Of the leader's process. */
  readonly incarnation: number;
  /** The leader gives up the leadership: its last heartbeat. */
  readonly isResigning: boolean;
  /** Candidate to which the leader hands over: it campaigns at once. Empty for none. */
  readonly handsOverTo: string;
  /** Leader's clock when it was sent; the answer returns it. */
  readonly sentAtMs: number;
}
