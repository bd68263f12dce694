import type { Clock } from '../../clock.ts';
import type { Log } from '../log/log.ts';
import type { RecordWriter } from '../log/record-writer.ts';
import type { PartitionConsumers, Settlement, TaskDelivery } from './partition-consumers.ts';
import { type FullQueueSpec, placeOf, taskSubject } from './queue-spec.ts';
import { deadRecord, maxAttemptsOf } from './task-record.ts';
import type { Lease, LeaseOutcome, TaskDeath } from './work-queue.ts';

/** What `TaskLeases` and the queue work with. */
export interface QueueStorage {
  readonly log: Log;
  readonly writer: RecordWriter;
  readonly consumers: PartitionConsumers;
  readonly clock: Clock;
}

/** A delivery that is leased until an instant of the monotonic clock. */
export interface Grant {
  readonly delivery: TaskDelivery;
  readonly untilMs: number;
}

/**
 * The leases of one queue: a delivered task is leased, and a lease ends with its task done, delivered again or dead.
 * All of them reject with `StoreUnavailableError` where the store does not answer.
 */
export class TaskLeases {
  readonly #spec: FullQueueSpec;
  readonly #storage: QueueStorage;
  /** Hears of each task whose attempts are used up, or that was terminated. */
  onDead: ((death: TaskDeath) => void) | undefined = undefined;

  constructor(spec: FullQueueSpec, storage: QueueStorage) {
    this.#spec = spec;
    this.#storage = storage;
  }

  /**
   * Undefined for a task whose attempts are used up, which is dead now, and where the lease is over. `untilMs`: by the
   * monotonic clock, because the wall clock may be set back while the task is on its way.
   */
  async grant(delivery: TaskDelivery, leaseMs: number, untilMs: number): Promise<Grant | undefined> {
    const { consumers, clock } = this.#storage;
    const maxAttempts = maxAttemptsOf(this.#spec, delivery);
    if (delivery.attempt > maxAttempts) {
      await this.#bury(delivery, `not done after ${maxAttempts} attempts`, this.#spec.leaseMs);
      return undefined;
    }
    if (leaseMs !== this.#spec.leaseMs)
      await consumers.settle(
        this.#spec,
        delivery.token,
        { kind: 'again', delayMs: leaseMs },
        this.#spec.leaseMs,
      );
    // The process stood still meanwhile: another taker has the task or will have it.
    if (untilMs <= clock.now()) return undefined;
    return { delivery, untilMs };
  }

  async settle(lease: Lease, settlement: Settlement): Promise<LeaseOutcome> {
    const leftMs = this.#leftMs(lease);
    if (leftMs <= 0) return 'lease-lost';
    await this.#storage.consumers.settle(this.#spec, lease.token, settlement, leftMs);
    return 'settled';
  }

  /** The task is delivered again after the delay, or is dead after its last attempt. */
  async refuse(lease: Lease, delayMs: number, reason: string): Promise<'again' | 'dead' | 'lease-lost'> {
    const held = await this.#held(lease);
    if (held === undefined) return 'lease-lost';
    const { delivery, leftMs } = held;
    if (lease.attempt >= maxAttemptsOf(this.#spec, delivery)) {
      await this.#bury(delivery, reason, leftMs);
      return 'dead';
    }
    const again = { kind: 'again', delayMs } as const;
    await this.#storage.consumers.settle(this.#spec, lease.token, again, leftMs);
    return 'again';
  }

  async terminate(lease: Lease, reason: string): Promise<LeaseOutcome> {
    const held = await this.#held(lease);
    if (held === undefined) return 'lease-lost';
    await this.#bury(held.delivery, reason, held.leftMs);
    return 'settled';
  }

  /**
   * The dead record is written before the task is removed, so that the task is never lost. A refusal means that the
   * task was cancelled, or that an earlier attempt has written the dead record.
   */
  async #bury(delivery: TaskDelivery, reason: string, withinMs: number): Promise<void> {
    const { writer, consumers } = this.#storage;
    const { id } = placeOf(this.#spec, delivery.subject);
    const still = { subject: taskSubject(this.#spec, '*', id), sequence: delivery.sequence };
    const record = deadRecord(this.#spec, delivery, reason);
    const outcome = await writer.write(this.#spec.log.name, record, still);
    if (outcome.kind === 'written') this.onDead?.({ id, attempts: delivery.attempt, reason });
    await consumers.settle(this.#spec, delivery.token, { kind: 'done' }, withinMs);
  }

  /**
   * The task of a lease that holds, read again: a lease is plain data and does not hold the body. The read may last
   * until the end of the lease, and the wall clock may be set back meanwhile. `leftMs`: what is left of the lease.
   */
  async #held(
    lease: Lease,
  ): Promise<{ readonly delivery: TaskDelivery; readonly leftMs: number } | undefined> {
    const { clock } = this.#storage;
    const untilMs = clock.now() + this.#leftMs(lease);
    if (untilMs <= clock.now()) return undefined;
    const { id, attempt, token } = lease;
    const anywhere = taskSubject(this.#spec, '*', id);
    const record = await this.#storage.log.readLast(this.#spec.log.name, anywhere);
    if (record === undefined || placeOf(this.#spec, record.subject).partition === 'dead') return undefined;
    const leftMs = untilMs - clock.now();
    if (leftMs <= 0) return undefined;
    const { subject, payload, headers, sequence, acceptedAtMs } = record;
    return { delivery: { subject, payload, headers, sequence, acceptedAtMs, attempt, token }, leftMs };
  }

  #leftMs({ expiresAtMs }: Lease): number {
    return expiresAtMs - this.#storage.clock.wallNow();
  }
}

/** An instant of the monotonic clock, by the wall clock of now. Never later. */
export function wallOf(untilMs: number, clock: Clock): number {
  return Math.floor(clock.wallNow() + untilMs - clock.now());
}
