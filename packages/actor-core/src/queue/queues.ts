import type { DeadPage, LeaseOutcome, QueueCounts } from '../storage/work-queue/work-queue.ts';
import type { QueueEvent } from './queue-event.ts';
import type { QueueEntry } from './queue-registry.ts';

/**
 * Durable queues of the cluster. An accepted message is delivered at least once, to one taker at a time, until it is
 * acknowledged, cancelled, or dead; it survives every process, and what the durability profile of the storage states.
 * Higher priorities first, within a priority in the order of acceptance; under a lasting load a lower priority gets at
 * least one message in seventeen.
 *
 * A queue belongs to a tenant and is created by its first `put` or `take`. Every function throws
 * `StoreUnavailableError` where the store does not answer (the outcome is unknown), `InvalidArgumentError` naming the
 * wrong argument, and, except for `put` and `take`, `QueueNotFoundError`.
 */
export interface Queues {
  /** Accepts a message. @throws QueueLimitError nothing was put */
  put(at: QueueAddress, message: NewMessage): Promise<PutResult>;
  /** Leases messages. Waits for the first one as long as the options say; an empty answer means that there was none. */
  take(at: QueueAddress, options?: TakeMessages): Promise<readonly TakenMessage[]>;
  /** The message is done and removed. */
  ack(at: QueueAddress, lease: HeldLease): Promise<LeaseOutcome>;
  /**
   * The message is delivered again after a delay, or is dead where this was its last delivery. Without a delay the time
   * doubles with each delivery, from `backoffMs` to `backoffMaxMs`, less a random part of up to a half.
   */
  nack(
    at: QueueAddress,
    lease: HeldLease,
    options?: { readonly delayMs?: number; readonly reason?: string },
  ): Promise<LeaseOutcome>;
  /** The message did not reach its taker: it is delivered again at once, also after its last delivery. */
  release(at: QueueAddress, lease: HeldLease): Promise<LeaseOutcome>;
  /** The lease lasts for `leaseMs` from now on, and not shorter than before. Its token stays the same. */
  extend(at: QueueAddress, lease: HeldLease, leaseMs?: number): Promise<LeaseOutcome>;
  /** Removes a message in whatever state it is. False where there is none. Its taker gets no notice. */
  cancel(at: QueueAddress, id: string): Promise<boolean>;
  /** How many messages are in which state. */
  counts(at: QueueAddress): Promise<QueueCounts>;
  /** Dead messages in the order in which they died, from a position on. */
  dead(at: QueueAddress, options?: { readonly from?: number; readonly limit?: number }): Promise<DeadPage>;
  /**
   * Dead messages wait again, with all their deliveries: those of the ids, or all that were dead when it began.
   *
   * @returns how many
   */
  replay(at: QueueAddress, ids?: readonly string[]): Promise<number>;
  /** The queues of a tenant by name. */
  list(tenant: string): Promise<readonly QueueEntry[]>;
  /**
   * Removes a queue. Messages that are put meanwhile are not lost: the next `put` or `take` makes the queue again.
   *
   * @throws QueueNotEmptyError unless `discardsMessages`
   */
  remove(at: QueueAddress, options?: { readonly discardsMessages?: boolean }): Promise<void>;
  /** Calls the listener with what happens to messages on this node. Returns a function that removes it. */
  onEvent(listener: (event: QueueEvent) => void): () => void;
  /** Ends the waits of all takers with an empty answer. */
  close(): void;
}

/** A queue of a tenant. */
export interface QueueAddress {
  readonly tenant: string;
  /** 1 to 64 bytes. One queue for each class of model keeps their work apart. */
  readonly queue: string;
}

/** A message to put. */
export interface NewMessage {
  /** 1 to 128 bytes. A second message of the id is refused while the first one is there, and two minutes longer. */
  readonly id?: string;
  readonly body: Uint8Array;
  /** 0 to 9; higher ones are delivered first. @default 0 */
  readonly priority?: number;
  /** Time until it can be taken. @default 0 */
  readonly delayMs?: number;
  /** Deliveries after which it is dead. @default that of the options */
  readonly maxAttempts?: number;
}

/**
 * What became of a `put`. `isDuplicate`: a message of that id is there, or was a moment ago; nothing was added. Where
 * an answer of the store was lost, that may be the message of this `put` itself.
 */
export interface PutResult {
  readonly id: string;
  readonly isDuplicate: boolean;
}

/** How much a taker wants. */
export interface TakeMessages {
  /** 1 to 1_000. @default 1 */
  readonly max?: number;
  /** @default 0 */
  readonly waitMs?: number;
  /** 100 ms to 12 hours. @default that of the queue */
  readonly leaseMs?: number;
  /** The taker has left: the wait ends, and messages that were leased by then go back at once. */
  readonly signal?: AbortSignal;
}

/** A message that its taker may work on while the lease lasts. */
export interface TakenMessage {
  readonly id: string;
  readonly body: Uint8Array;
  /** Number of this delivery, from 1. */
  readonly attempt: number;
  readonly priority: number;
  /** Token for `ack`, `nack` and `extend`: opaque, and of use for this message of this tenant only. */
  readonly lease: string;
  /** Instant of the wall clock at which the lease ends. */
  readonly expiresAtMs: number;
}

/** A message and the token that `take` gave for it. */
export interface HeldLease {
  readonly id: string;
  readonly lease: string;
}
