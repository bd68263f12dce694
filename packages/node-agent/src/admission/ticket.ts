/** A request as the queue sees it. */
export interface Ticket {
  /** The stream's id: the same for a place and for the `open` that takes it. */
  readonly id: string;
  /** Node of its session. */
  readonly owner: string;
  /** As Ollama lists it. */
  readonly model: string;
  /** Higher goes first. */
  readonly priority: number;
  /** When the request came to the fleet, by the clock of this node: among equal priorities the oldest goes first. */
  readonly sinceMs: number;
  /** Instances at which it waits, this one included. More than 1: it is not started before its session agrees. */
  readonly places: number;
}

export interface SlotQueueLimits {
  readonly slots: number;
  readonly maxQueue: number;
  readonly maxHeldBytes: number;
  /** Places without a body. */
  readonly maxReserved: number;
  /** How long an offered slot waits for its session. */
  readonly offerMs: number;
  /** How long a place without a body is kept unless it is renewed. */
  readonly reservationMs: number;
}

export type Admission = { readonly kind: 'taken' } | { readonly kind: 'full'; readonly reason: string };

/** What a free slot is used for. */
export type Step =
  | { readonly kind: 'start'; readonly id: string }
  /** Ask the session whether it wants the slot; `offer` numbers the offers of this queue. */
  | { readonly kind: 'offer'; readonly id: string; readonly offer: number };
