import type { Clock } from '../../clock.ts';
import { InvalidArgumentError } from '../../errors.ts';
import type { Following, Log, LogRecord } from '../log/log.ts';
import type { RecordWriter } from '../log/record-writer.ts';
import { IdleTakers } from './idle-takers.ts';
import type { TaskDelivery, PartitionConsumers, Settlement } from './partition-consumers.ts';
import {
  type FullQueueSpec,
  type Partition,
  partitionFilter,
  placeOf,
  priorityPartitions,
  queueLog,
  queueLogSpec,
  type QueueSpec,
  resolveQueueSpec,
  taskSubject,
} from './queue-spec.ts';
import { deadRecord, deadTask, leasedTask, maxAttemptsOf, replayRecord, taskRecord } from './task-record.ts';
import type {
  DeadPage,
  ExtendOutcome,
  Lease,
  LeasedTask,
  LeaseOutcome,
  NewTask,
  PutOutcome,
  QueueCounts,
  TakeOptions,
  WorkQueue,
  WorkQueues,
} from './work-queue.ts';

/** What `LogWorkQueues` work with. */
export interface LogWorkQueuesOptions {
  readonly log: Log;
  readonly writer: RecordWriter;
  readonly consumers: PartitionConsumers;
  readonly clock: Clock;
}

/** Queues that are logs: a task is a record, its partition and id are the subject. */
export class LogWorkQueues implements WorkQueues {
  readonly #options: LogWorkQueuesOptions;

  constructor(options: LogWorkQueuesOptions) {
    this.#options = options;
  }

  async ensure(spec: QueueSpec): Promise<WorkQueue> {
    const full = resolveQueueSpec(spec);
    await this.#options.log.ensure(queueLogSpec(full));
    const { leaseMs } = await this.#options.consumers.ensure(full);
    return new LogWorkQueue({ ...full, leaseMs }, this.#options);
  }
}

class LogWorkQueue implements WorkQueue {
  readonly name: string;
  readonly #spec: FullQueueSpec;
  readonly #logName: string;
  readonly #partitions: readonly Partition[];
  readonly #log: Log;
  readonly #writer: RecordWriter;
  readonly #consumers: PartitionConsumers;
  readonly #clock: Clock;
  readonly #idle: IdleTakers;
  #following: Following | undefined = undefined;

  constructor(spec: FullQueueSpec, options: LogWorkQueuesOptions) {
    this.name = spec.name;
    this.#spec = spec;
    this.#logName = queueLog(spec.name);
    this.#partitions = priorityPartitions(spec);
    this.#log = options.log;
    this.#writer = options.writer;
    this.#consumers = options.consumers;
    this.#clock = options.clock;
    this.#idle = new IdleTakers(options.clock);
  }

  async put(task: NewTask): Promise<PutOutcome> {
    const { priorities } = this.#spec;
    if (
      task.priority !== undefined &&
      !(Number.isInteger(task.priority) && task.priority >= 0 && task.priority < priorities)
    )
      throw new InvalidArgumentError('task.priority', `must be 0 to ${priorities - 1}`);
    const record = taskRecord(this.#spec, task, this.#clock.wallNow());
    const nowhere = { subject: taskSubject(this.#spec, '*', task.id), sequence: 0 };
    const outcome = await this.#writer.write(this.#logName, record, nowhere);
    return outcome.kind === 'rejected' || outcome.isDuplicate === true ? 'duplicate' : 'queued';
  }

  async take({ max, waitMs = 0, leaseMs = this.#spec.leaseMs }: TakeOptions): Promise<readonly LeasedTask[]> {
    const deadline = this.#clock.now() + waitMs;
    for (;;) {
      // Listen before looking, so that a task accepted in between wakes this taker.
      if (waitMs > 0) await this.#listen();
      const tasks = await this.#takeNow(max, leaseMs);
      const leftMs = deadline - this.#clock.now();
      if (tasks.length > 0) {
        // There may be more tasks, and only one taker was woken.
        this.#idle.wake();
        return tasks;
      }
      if (leftMs <= 0 || !(await this.#idle.wait(leftMs))) return [];
    }
  }

  ack(lease: Lease): Promise<LeaseOutcome> {
    return this.#settle(lease, { kind: 'done' });
  }

  async nack(
    lease: Lease,
    {
      delayMs = 0,
      reason = 'refused by its taker',
    }: { readonly delayMs?: number; readonly reason?: string } = {},
  ): Promise<LeaseOutcome> {
    if (this.#isLost(lease)) return 'lease-lost';
    const delivery = await this.#deliveryOf(lease);
    if (delivery === undefined) return 'lease-lost';
    if (lease.attempt < maxAttemptsOf(this.#spec, delivery)) {
      await this.#consumers.settle(this.#spec, lease.token, { kind: 'again', delayMs }, this.#leftMs(lease));
      if (delayMs <= 0) this.#idle.wake();
      return 'settled';
    }
    await this.#bury(delivery, reason, this.#leftMs(lease));
    return 'settled';
  }

  async extend(lease: Lease, leaseMs: number): Promise<ExtendOutcome> {
    const expiresAtMs = this.#clock.wallNow() + leaseMs;
    const outcome = await this.#settle(lease, { kind: 'again', delayMs: leaseMs });
    return outcome === 'settled'
      ? { kind: 'extended', lease: { ...lease, expiresAtMs } }
      : { kind: 'lease-lost' };
  }

  async terminate(lease: Lease, reason: string): Promise<LeaseOutcome> {
    if (this.#isLost(lease)) return 'lease-lost';
    const delivery = await this.#deliveryOf(lease);
    if (delivery === undefined) return 'lease-lost';
    await this.#bury(delivery, reason, this.#leftMs(lease));
    return 'settled';
  }

  async cancel(id: string): Promise<boolean> {
    const record = await this.#log.readLast(this.#logName, taskSubject(this.#spec, '*', id));
    if (record === undefined || placeOf(this.#spec, record.subject).partition === 'dead') return false;
    return this.#log.deleteRecord(this.#logName, record.sequence);
  }

  async dead({
    from = 1,
    limit = 100,
  }: {
    readonly from?: number;
    readonly limit?: number;
  } = {}): Promise<DeadPage> {
    const filter = partitionFilter(this.#spec, 'dead');
    const page = await this.#log.readForward(this.#logName, { from, filter, limit });
    return {
      tasks: page.records.map((record) => deadTask(this.#spec, record)),
      next: page.isEnd ? undefined : page.next,
    };
  }

  async replay(id: string): Promise<boolean> {
    const record = await this.#log.readLast(this.#logName, taskSubject(this.#spec, 'dead', id));
    if (record === undefined) return false;
    const still = { subject: taskSubject(this.#spec, '*', id), sequence: record.sequence };
    const outcome = await this.#writer.write(this.#logName, replayRecord(this.#spec, record), still);
    // If another replay was first, the dead record has to be removed all the same.
    await this.#log.deleteRecord(this.#logName, record.sequence);
    return outcome.kind === 'written';
  }

  async counts(): Promise<QueueCounts> {
    const partitions: readonly Partition[] = [...this.#partitions, 'later', 'dead'];
    const [counts, oldest] = await Promise.all([
      this.#consumers.counts(this.#spec, partitions),
      this.#oldest(),
    ]);
    const sum = (some: readonly Partition[], part: 'waiting' | 'held') =>
      some.reduce((total, partition) => total + (counts.get(partition)?.[part] ?? 0), 0);
    return {
      depth: sum(this.#partitions, 'waiting'),
      inFlight: sum(this.#partitions, 'held'),
      delayed: sum(['later'], 'waiting'),
      dead: sum(['dead'], 'waiting'),
      oldestAtMs: oldest,
    };
  }

  close(): void {
    this.#following?.close();
    this.#following = undefined;
    this.#idle.close();
  }

  async #listen(): Promise<void> {
    if (this.#following !== undefined) return;
    const onRecord = ({ subject }: LogRecord) => {
      if (this.#partitions.includes(placeOf(this.#spec, subject).partition)) this.#idle.wake();
    };
    const following = await this.#log.follow(this.#logName, {
      onRecord,
      onInterrupted: () => this.#idle.wake(),
    });
    if (this.#following === undefined) this.#following = following;
    else following.close();
  }

  async #oldest(): Promise<number | undefined> {
    const firsts = await Promise.all(
      this.#partitions.map((partition) =>
        this.#log.readForward(this.#logName, {
          from: 1,
          filter: partitionFilter(this.#spec, partition),
          limit: 1,
        }),
      ),
    );
    const instants = firsts.flatMap(({ records }) => records.map(({ acceptedAtMs }) => acceptedAtMs));
    return instants.length === 0 ? undefined : Math.min(...instants);
  }

  async #takeNow(max: number, leaseMs: number): Promise<LeasedTask[]> {
    const tasks: LeasedTask[] = [];
    for (const partition of this.#partitions) {
      if (tasks.length >= max) break;
      const askedAtMs = this.#clock.wallNow();
      const deliveries = await this.#consumers.pull(this.#spec, partition, max - tasks.length);
      for (const delivery of deliveries) {
        const task = await this.#lease(delivery, leaseMs, askedAtMs + leaseMs);
        if (task !== undefined) tasks.push(task);
      }
    }
    return tasks;
  }

  /** Undefined for a task whose attempts are used up: it is dead now. */
  async #lease(
    delivery: TaskDelivery,
    leaseMs: number,
    expiresAtMs: number,
  ): Promise<LeasedTask | undefined> {
    const maxAttempts = maxAttemptsOf(this.#spec, delivery);
    if (delivery.attempt > maxAttempts) {
      await this.#bury(delivery, `not done after ${maxAttempts} attempts`, this.#spec.leaseMs);
      return undefined;
    }
    if (leaseMs !== this.#spec.leaseMs)
      await this.#consumers.settle(
        this.#spec,
        delivery.token,
        { kind: 'again', delayMs: leaseMs },
        this.#spec.leaseMs,
      );
    return leasedTask(this.#spec, delivery, expiresAtMs);
  }

  /** The dead record is written before the task is removed: two dead records are better than a lost task. */
  async #bury(delivery: TaskDelivery, reason: string, withinMs: number): Promise<void> {
    await this.#writer.write(this.#logName, deadRecord(this.#spec, delivery, reason));
    await this.#consumers.settle(this.#spec, delivery.token, { kind: 'done' }, withinMs);
  }

  async #settle(lease: Lease, settlement: Settlement): Promise<LeaseOutcome> {
    if (this.#isLost(lease)) return 'lease-lost';
    await this.#consumers.settle(this.#spec, lease.token, settlement, this.#leftMs(lease));
    return 'settled';
  }

  #isLost(lease: Lease): boolean {
    return this.#leftMs(lease) <= 0;
  }

  #leftMs({ expiresAtMs }: Lease): number {
    return expiresAtMs - this.#clock.wallNow();
  }

  /** The task of a lease, read again: a lease is plain data and does not hold the body. */
  async #deliveryOf({ id, attempt, token }: Lease): Promise<TaskDelivery | undefined> {
    const record = await this.#log.readLast(this.#logName, taskSubject(this.#spec, '*', id));
    if (record === undefined || placeOf(this.#spec, record.subject).partition === 'dead') return undefined;
    const { subject, payload, headers, sequence, acceptedAtMs } = record;
    return { subject, payload, headers, sequence, acceptedAtMs, attempt, token };
  }
}
