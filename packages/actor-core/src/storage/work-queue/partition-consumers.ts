import type { FullQueueSpec, Partition } from './queue-spec.ts';

/**
 * Delivers the tasks of a queue's partitions and keeps track of the leased ones. Fulfilled by `jetstream-consumers.ts`
 * (one durable pull consumer per partition) and `memory-consumers.ts`.
 */
export interface PartitionConsumers {
  /**
   * Creates consumers of the queue, or confirms them. Idempotent.
   *
   * @returns the length of the leases that `pull` gives: an existing queue keeps its own
   * @throws StoreUnavailableError
   */
  ensure(spec: FullQueueSpec, partitions: readonly Partition[]): Promise<{ readonly leaseMs: number }>;
  /**
   * Leases up to `max` tasks of one partition, for the queue's `leaseMs`, without waiting. @throws
   * StoreUnavailableError
   */
  pull(spec: FullQueueSpec, partition: Partition, max: number): Promise<readonly TaskDelivery[]>;
  /**
   * Ends or extends the lease of a delivery. Repeated until it is confirmed, at most for `withinMs`: when the lease is
   * over another taker may have the task, and the server would still accept the settlement. An attempt to have the task
   * delivered again that was not answered may have been accepted: it is repeated only until its delay is over (see
   * `repeatableMs`).
   *
   * @throws StoreUnavailableError not confirmed
   */
  settle(spec: FullQueueSpec, token: string, settlement: Settlement, withinMs: number): Promise<void>;
  /** Removes the consumers of the queue. Idempotent. @throws StoreUnavailableError */
  remove(spec: FullQueueSpec): Promise<void>;
  /** How many tasks each partition has. @throws StoreUnavailableError */
  counts(
    spec: FullQueueSpec,
    partitions: readonly Partition[],
  ): Promise<ReadonlyMap<Partition, PartitionCounts>>;
}

/** A task that was delivered and is leased. */
export interface TaskDelivery {
  readonly subject: string;
  readonly payload: Uint8Array;
  readonly headers: Readonly<Record<string, string>>;
  readonly sequence: number;
  readonly acceptedAtMs: number;
  /** Which delivery, from 1. */
  readonly attempt: number;
  readonly token: string;
}

/** `again`: delivered again after the delay. Until then the task is leased: a lease is extended in this way too. */
export type Settlement = { readonly kind: 'done' } | { readonly kind: 'again'; readonly delayMs: number };

/** How long a settlement may be repeated: until another taker may have the task because of its first attempt. */
export function repeatableMs(settlement: Settlement, withinMs: number): number {
  return settlement.kind === 'done' ? withinMs : Math.min(withinMs, settlement.delayMs);
}

/** How many tasks of one partition are in which state. */
export interface PartitionCounts {
  /** Not delivered yet. */
  readonly waiting: number;
  /** Delivered, and not done. */
  readonly held: number;
}
