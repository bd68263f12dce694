import type { QueueSpec } from './queue-spec.ts';

/**
 * Durable queues: an accepted task is delivered at least once, to one taker at a time, until it is acknowledged,
 * removed, or dead. One implementation (`log-work-queue.ts`) works on a `Log` and `PartitionConsumers`; one contract
 * suite tests it on JetStream and in memory.
 */
export interface WorkQueues {
  /**
   * Creates the queue, or confirms that it exists and agrees with every stated field of the spec. Idempotent.
   *
   * @throws InvalidArgumentError naming the field in which an existing queue differs
   * @throws StoreUnavailableError; its code is `store-missing` where the log does not exist and the spec `opensLog`
   */
  ensure(spec: QueueSpec): Promise<WorkQueue>;
  /**
   * Removes the queue with all its tasks, or with `keepsTasks` only its consumers: tasks that were put meanwhile are
   * there when the queue is ensured again. The log stays. Idempotent.
   *
   * @throws StoreUnavailableError
   */
  remove(spec: QueueSpec, options?: { readonly keepsTasks?: boolean }): Promise<void>;
}

/** One queue. Every function throws `StoreUnavailableError` where the outcome is unknown. */
export interface WorkQueue {
  readonly name: string;
  /**
   * Accepts a task. No two tasks in the queue have the same id, in whatever states they are. After the acknowledgement
   * of a task its id is refused for two more minutes.
   */
  put(task: NewTask): Promise<PutOutcome>;
  /**
   * Leases up to `max` tasks, the first priority first; under a lasting load a later priority gets at least one task in
   * seventeen. With several replicas, a task that was accepted a moment ago may be missing. Waits up to `waitMs` for
   * the first task; an empty answer means that there was none.
   */
  take(options: TakeOptions): Promise<readonly LeasedTask[]>;
  /** The task is done and removed. */
  ack(lease: Lease): Promise<LeaseOutcome>;
  /** The task is delivered again after a delay (default 0), or is dead where this was its last attempt. */
  nack(
    lease: Lease,
    options?: { readonly delayMs?: number; readonly reason?: string },
  ): Promise<LeaseOutcome>;
  /** The task did not reach its taker: it is delivered again at once, whatever attempts are left. */
  release(lease: Lease): Promise<LeaseOutcome>;
  /** The lease lasts for `leaseMs` from now on. */
  extend(lease: Lease, leaseMs: number): Promise<ExtendOutcome>;
  /** The task is dead, whatever attempts are left. */
  terminate(lease: Lease, reason: string): Promise<LeaseOutcome>;
  /** Removes a task that waits, is delayed or leased. False where there is none. Its taker gets no notice. */
  cancel(id: string): Promise<boolean>;
  /** Removes a dead task. False where there is none with that id. */
  discard(id: string): Promise<boolean>;
  /** Dead tasks in the order in which they died, from a position on. */
  dead(options?: { readonly from?: number; readonly limit?: number }): Promise<DeadPage>;
  /** A dead task waits again, with all its attempts. False where no dead task has the id. */
  replay(id: string): Promise<boolean>;
  /** How many tasks are in which state, and the age of the oldest one. With several replicas, a moment old. */
  counts(): Promise<QueueCounts>;
  /** How many tasks there are in all states, dead ones included. With several replicas, a moment old. */
  size(): Promise<number>;
  /** Takes from the priority too, in a lazy queue. Another process has used it. */
  usePriority(priority: number): Promise<void>;
  /** Calls the listener with each task that this process lets die. There is one listener at most. */
  onDead(listener: ((death: TaskDeath) => void) | undefined): void;
  /** Stops listening for tasks. Takers that wait get an empty answer. */
  close(): void;
}

/** A task to accept. */
export interface NewTask {
  /** 1 to 200 of A-Z a-z 0-9 _ -. */
  readonly id: string;
  readonly body: Uint8Array;
  /** 0 is first. @default the middle one */
  readonly priority?: number;
  /** Time until it can be taken. @default 0 */
  readonly delayMs?: number;
  /** Deliveries after which it is dead. @default that of the queue */
  readonly maxAttempts?: number;
}

/** How much a taker wants. */
export interface TakeOptions {
  readonly max: number;
  /** @default 0 */
  readonly waitMs?: number;
  /** @default that of the queue */
  readonly leaseMs?: number;
  /** Ends the wait with an empty answer. Tasks that were leased by then go back to the queue at once. */
  readonly signal?: AbortSignal;
}

/** The right to work on a task until an instant. Plain data, so that another process can settle it. */
export interface Lease {
  readonly id: string;
  /** Number of this delivery of the task, from 1. A delivery that was lost on the way counts too. */
  readonly attempt: number;
  /** Opaque. */
  readonly token: string;
  /**
   * Instant of the wall clock at which the holder stops trusting the lease. It is counted from before the request for
   * the task, so that it comes before the queue delivers the task to another taker. nats-server itself would accept the
   * acknowledgement of an earlier delivery at any time (measured, 2.15.1).
   */
  readonly expiresAtMs: number;
}

/** A task that its taker may work on while the lease lasts. */
export interface LeasedTask {
  readonly lease: Lease;
  readonly id: string;
  readonly body: Uint8Array;
  readonly attempt: number;
  /** Attempts after which it is dead. */
  readonly maxAttempts: number;
  readonly priority: number;
  /** Instant of its acceptance by the server's wall clock; of a delayed task that at which its delay ended. */
  readonly acceptedAtMs: number;
}

/** `duplicate`: a task of that id is in the queue, or was until a moment ago. */
export type PutOutcome = 'queued' | 'duplicate';

/** `lease-lost`: the time of the lease is over, and another taker has the task or will have it. */
export type LeaseOutcome = 'settled' | 'lease-lost';

/** What became of an extension, with the lease that counts from now on. */
export type ExtendOutcome =
  | { readonly kind: 'extended'; readonly lease: Lease }
  | { readonly kind: 'lease-lost' };

/** A task has died. */
export interface TaskDeath {
  readonly id: string;
  readonly attempts: number;
  readonly reason: string;
}

/** A task that is delivered no more, unless it is replayed. */
export interface DeadTask {
  readonly id: string;
  readonly body: Uint8Array;
  readonly attempts: number;
  readonly reason: string;
  readonly diedAtMs: number;
}

/** Some of the dead tasks. */
export interface DeadPage {
  readonly tasks: readonly DeadTask[];
  /** Where to go on; undefined at the end. */
  readonly next: number | undefined;
}

/** How many tasks are in which state. */
export interface QueueCounts {
  /** Tasks that can be taken now. */
  readonly depth: number;
  /** Tasks that are leased, or wait for their next attempt. */
  readonly inFlight: number;
  /** Tasks whose delay is not over. */
  readonly delayed: number;
  readonly dead: number;
  /** Instant of acceptance of the oldest task that is not done; undefined where there is none. */
  readonly oldestAtMs: number | undefined;
}
