import type { Clock } from '../../clock.ts';
import type { Log } from '../log/log.ts';
import type { RecordWriter } from '../log/record-writer.ts';
import type { PartitionConsumers, Settlement, TaskDelivery } from './partition-consumers.ts';
import { type FullQueueSpec, placeOf, taskSubject } from './queue-spec.ts';
import { deadRecord, leasedTask, maxAttemptsOf } from './task-record.ts';
import type { Lease, LeasedTask, LeaseOutcome, TaskDeath } from './work-queue.ts';

/** What `TaskLeases` and the queue work with. */
export interface QueueStorage {
  readonly log: Log;
  readonly writer: RecordWriter;
  readonly consumers: PartitionConsumers;
  readonly clock: Clock;
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

  /** Undefined for a task whose attempts are used up, which is dead now, and where the lease is over. */
  async grant(delivery: TaskDelivery, leaseMs: number, expiresAtMs: number): Promise<LeasedTask | undefined> {
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
    if (expiresAtMs <= clock.wallNow()) return undefined;
    return leasedTask(this.#spec, delivery, expiresAtMs);
  }

  async settle(lease: Lease, settlement: Settlement): Promise<LeaseOutcome> {
    if (this.#isLost(lease)) return 'lease-lost';
    await this.#storage.consumers.settle(this.#spec, lease.token, settlement, this.#leftMs(lease));
    return 'settled';
  }

  /** The task is delivered again after the delay, or is dead after its last attempt. */
  async refuse(lease: Lease, delayMs: number, reason: string): Promise<'again' | 'dead' | 'lease-lost'> {
    const delivery = await this.#held(lease);
    if (delivery === undefined) return 'lease-lost';
    if (lease.attempt >= maxAttemptsOf(this.#spec, delivery)) {
      await this.#bury(delivery, reason, this.#leftMs(lease));
      return 'dead';
    }
    const again = { kind: 'again', delayMs } as const;
    await this.#storage.consumers.settle(this.#spec, lease.token, again, this.#leftMs(lease));
    return 'again';
  }

  async terminate(lease: Lease, reason: string): Promise<LeaseOutcome> {
    const delivery = await this.#held(lease);
    if (delivery === undefined) return 'lease-lost';
    await this.#bury(delivery, reason, this.#leftMs(lease));
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
   * until the end of the lease.
   */
  async #held(lease: Lease): Promise<TaskDelivery | undefined> {
    if (this.#isLost(lease)) return undefined;
    const { id, attempt, token } = lease;
    const anywhere = taskSubject(this.#spec, '*', id);
    const record = await this.#storage.log.readLast(this.#spec.log.name, anywhere);
    if (record === undefined || placeOf(this.#spec, record.subject).partition === 'dead') return undefined;
    if (this.#isLost(lease)) return undefined;
    const { subject, payload, headers, sequence, acceptedAtMs } = record;
    return { subject, payload, headers, sequence, acceptedAtMs, attempt, token };
  }

  #isLost(lease: Lease): boolean {
    return this.#leftMs(lease) <= 0;
  }

  #leftMs({ expiresAtMs }: Lease): number {
    return expiresAtMs - this.#storage.clock.wallNow();
  }
}
