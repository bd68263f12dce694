/** A request in the queue. */
export interface Ticket {
  /** The stream id: the same for a place and for the `open` that uses the place. */
  readonly id: string;
  /** Node of the session that sent the request. */
  readonly owner: string;
  /** Name of the model as Ollama lists it. */
  readonly model: string;
  /** Requests with a higher priority are served first. */
  readonly priority: number;
  /** Arrival of the request at the fleet, by the clock of this node: among equal priorities the oldest goes first. */
  readonly sinceMs: number;
  /**
   * Number of instances at which the request waits, this one included. Above 1: the request is started only after its
   * session has claimed the slot.
   */
  readonly places: number;
}

/** Bounds of a `SlotQueue`; each is read again where it is used. */
export interface SlotQueueLimits {
  readonly maxQueue: number;
  readonly maxHeldBytes: number;
  /** Largest number of places without a body. */
  readonly maxReserved: number;
  /** Time for a session to answer an offer. */
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
