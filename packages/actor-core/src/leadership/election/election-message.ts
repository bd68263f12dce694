/** What voters send each other. The sender is pinned by the NATS subject. */
export type ElectionMessage =
  /** Would you vote for me in this term? Changes nothing at the receiver (Raft thesis 9.6). */
  | { readonly kind: 'pre-vote'; readonly term: number }
  | { readonly kind: 'pre-vote-answer'; readonly term: number; readonly isGranted: boolean }
  /** `isTransfer`: the present leader asked for it, so that its followers need not wait for its silence. */
  | { readonly kind: 'vote'; readonly term: number; readonly isTransfer: boolean }
  | { readonly kind: 'vote-answer'; readonly term: number; readonly isGranted: boolean }
  /** From the leader to everybody. `fence`: sequence of its lead record. */
  | {
      readonly kind: 'heartbeat';
      readonly term: number;
      readonly fence: number;
      /** Leader's clock when it was sent; the answer returns it. */
      readonly sentAtMs: number;
    }
  /** From a voter. `term`: the receiver's, which is higher where the leader is outdated. */
  | { readonly kind: 'heartbeat-answer'; readonly term: number; readonly sentAtMs: number }
  /** From the leader to one voter: campaign now. */
  | { readonly kind: 'take-over'; readonly term: number };
