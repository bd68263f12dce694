import type { Clock } from '../../clock.ts';
import { InvalidArgumentError } from '../../errors.ts';
import { PriorityTurns } from './priority-turns.ts';
import type { Following, Log, LogRecord } from '../log/log.ts';
import type { RecordWriter } from '../log/record-writer.ts';
import { IdleTakers } from './idle-takers.ts';
import type { PartitionConsumers } from './partition-consumers.ts';
import {
  allPartitions,
  defaultPriority,
  type FullQueueSpec,
  type Partition,
  partitionFilter,
  placeOf,
  priorityIn,
  priorityPartitions,
  queueLogSpec,
  type QueueSpec,
  resolveQueueSpec,
  taskSubject,
} from './queue-spec.ts';
import { type Grant, type QueueStorage, TaskLeases, wallOf } from './task-leases.ts';
import { deadTask, leasedTask, priorityOf, replayRecord, taskRecord } from './task-record.ts';
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
  TaskDeath,
  WorkQueue,
  WorkQueues,
} from './work-queue.ts';

/** Queues that are logs: a task is a record, its partition and id are the subject. */
export class LogWorkQueues implements WorkQueues {
  readonly #options: QueueStorage;

  constructor(options: QueueStorage) {
    this.#options = options;
  }

  async ensure(spec: QueueSpec): Promise<WorkQueue> {
    const full = resolveQueueSpec(spec);
    if (full.opensLog) await this.#options.log.info(full.log.name);
    else await this.#options.log.ensure(queueLogSpec(full));
    const partitions = full.isLazy ? (['later', 'dead'] as const) : allPartitions(full);
    const { leaseMs } = await this.#options.consumers.ensure(full, partitions);
    return new LogWorkQueue({ ...full, leaseMs }, this.#options);
  }

  async remove(
    spec: QueueSpec,
    { keepsTasks = false }: { readonly keepsTasks?: boolean } = {},
  ): Promise<void> {
    const full = resolveQueueSpec(spec);
    if (!keepsTasks) await this.#options.log.purge(full.log.name, { subject: partitionFilter(full, '*') });
    await this.#options.consumers.remove(full);
  }
}

class LogWorkQueue implements WorkQueue {
  readonly name: string;
  readonly #spec: FullQueueSpec;
  readonly #logName: string;
  /** Priorities that have a consumer, as far as this process knows, the first one first. */
  #priorities: readonly number[];
  readonly #beingUsed = new Map<number, Promise<void>>();
  readonly #log: Log;
  readonly #writer: RecordWriter;
  readonly #consumers: PartitionConsumers;
  readonly #clock: Clock;
  readonly #idle: IdleTakers;
  readonly #leases: TaskLeases;
  readonly #turns = new PriorityTurns();
  #following: Following | undefined = undefined;

  constructor(spec: FullQueueSpec, options: QueueStorage) {
    this.name = spec.name;
    this.#spec = spec;
    this.#logName = spec.log.name;
    this.#priorities = spec.isLazy ? [] : [...priorityPartitions(spec).keys()];
    this.#log = options.log;
    this.#writer = options.writer;
    this.#consumers = options.consumers;
    this.#clock = options.clock;
    this.#idle = new IdleTakers(options.clock);
    this.#leases = new TaskLeases(spec, options);
  }

  async put(task: NewTask): Promise<PutOutcome> {
    const { priorities } = this.#spec;
    if (
      task.priority !== undefined &&
      !(Number.isInteger(task.priority) && task.priority >= 0 && task.priority < priorities)
    )
      throw new InvalidArgumentError('task.priority', `must be 0 to ${priorities - 1}`);
    await this.usePriority(task.priority ?? defaultPriority(this.#spec));
    const record = taskRecord(this.#spec, task, this.#clock.wallNow());
    const nowhere = { subject: taskSubject(this.#spec, '*', task.id), sequence: 0 };
    const outcome = await this.#writer.write(this.#logName, record, nowhere);
    return outcome.kind === 'rejected' || outcome.isDuplicate === true ? 'duplicate' : 'queued';
  }

  async take({
    max,
    waitMs = 0,
    leaseMs = this.#spec.leaseMs,
    signal,
  }: TakeOptions): Promise<readonly LeasedTask[]> {
    const deadline = this.#clock.now() + waitMs;
    for (;;) {
      // Listen before looking, so that a task accepted in between wakes this taker.
      if (waitMs > 0) await this.#listen();
      const grants = await this.#takeNow(max, leaseMs);
      // Only now, because the wall clock may have been set back since the first of them was granted.
      const tasks = grants.map(({ delivery, untilMs }) =>
        leasedTask(this.#spec, delivery, wallOf(untilMs, this.#clock)),
      );
      const leftMs = deadline - this.#clock.now();
      // There may be more tasks, and only one taker was woken.
      if (tasks.length > 0) this.#idle.wake();
      if (signal?.aborted === true) {
        await this.#giveBack(tasks);
        return [];
      }
      if (tasks.length > 0) {
        this.#idle.expectWithin(leaseMs);
        return tasks;
      }
      if (leftMs <= 0 || !(await this.#idle.wait(leftMs, signal))) return [];
    }
  }

  ack(lease: Lease): Promise<LeaseOutcome> {
    return this.#leases.settle(lease, { kind: 'done' });
  }

  async nack(
    lease: Lease,
    {
      delayMs = 0,
      reason = 'refused by its taker',
    }: { readonly delayMs?: number; readonly reason?: string } = {},
  ): Promise<LeaseOutcome> {
    const outcome = await this.#leases.refuse(lease, delayMs, reason);
    if (outcome === 'lease-lost') return outcome;
    if (outcome === 'again' && delayMs <= 0) this.#idle.wake();
    if (outcome === 'again' && delayMs > 0) this.#idle.expectWithin(delayMs);
    return 'settled';
  }

  async release(lease: Lease): Promise<LeaseOutcome> {
    const outcome = await this.#leases.settle(lease, { kind: 'again', delayMs: 0 });
    this.#idle.wake();
    return outcome;
  }

  async extend(lease: Lease, leaseMs: number): Promise<ExtendOutcome> {
    const untilMs = this.#clock.now() + leaseMs;
    const outcome = await this.#leases.settle(lease, { kind: 'again', delayMs: leaseMs });
    this.#idle.expectWithin(leaseMs);
    return outcome === 'settled'
      ? { kind: 'extended', lease: { ...lease, expiresAtMs: wallOf(untilMs, this.#clock) } }
      : { kind: 'lease-lost' };
  }

  terminate(lease: Lease, reason: string): Promise<LeaseOutcome> {
    return this.#leases.terminate(lease, reason);
  }

  async cancel(id: string): Promise<boolean> {
    const record = await this.#log.readLast(this.#logName, taskSubject(this.#spec, '*', id));
    if (record === undefined || placeOf(this.#spec, record.subject).partition === 'dead') return false;
    return this.#log.deleteRecord(this.#logName, record.sequence);
  }

  async discard(id: string): Promise<boolean> {
    const record = await this.#log.readLast(this.#logName, taskSubject(this.#spec, 'dead', id));
    return record !== undefined && (await this.#log.deleteRecord(this.#logName, record.sequence));
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
    await this.usePriority(priorityOf(record));
    const still = { subject: taskSubject(this.#spec, '*', id), sequence: record.sequence };
    const outcome = await this.#writer.write(this.#logName, replayRecord(this.#spec, record), still);
    // If another replay was first, the dead record has to be removed all the same.
    await this.#log.deleteRecord(this.#logName, record.sequence);
    return outcome.kind === 'written';
  }

  async counts(): Promise<QueueCounts> {
    const [counts, oldest] = await Promise.all([
      this.#consumers.counts(this.#spec, [...this.#partitions(), 'later', 'dead']),
      this.#oldest(),
    ]);
    const sum = (some: readonly Partition[], part: 'waiting' | 'held') =>
      some.reduce((total, partition) => total + (counts.get(partition)?.[part] ?? 0), 0);
    return {
      depth: sum(this.#partitions(), 'waiting'),
      inFlight: sum(this.#partitions(), 'held'),
      delayed: sum(['later'], 'waiting'),
      dead: sum(['dead'], 'waiting'),
      oldestAtMs: oldest,
    };
  }

  onDead(listener: ((death: TaskDeath) => void) | undefined): void {
    this.#leases.onDead = listener;
  }

  async size(): Promise<number> {
    const counts = await this.#consumers.counts(this.#spec, [...this.#partitions(), 'later', 'dead']);
    return [...counts.values()].reduce((total, { waiting, held }) => total + waiting + held, 0);
  }

  async usePriority(priority: number): Promise<void> {
    if (this.#priorities.includes(priority)) return;
    const known = this.#beingUsed.get(priority);
    if (known !== undefined) return known;
    const using = this.#usePriority(priority).finally(() => this.#beingUsed.delete(priority));
    this.#beingUsed.set(priority, using);
    await using;
  }

  close(): void {
    this.#following?.close();
    this.#following = undefined;
    this.#idle.close();
  }

  async #listen(): Promise<void> {
    if (this.#following !== undefined) return;
    const onRecord = ({ subject }: LogRecord) => {
      const priority = priorityIn(placeOf(this.#spec, subject).partition);
      if (priority === undefined) return;
      if (this.#priorities.includes(priority)) this.#idle.wake();
      // Where the consumer cannot be created now, the next put or take of that priority tries again.
      else void this.usePriority(priority).catch(() => undefined);
    };
    const following = await this.#log.follow(this.#logName, {
      filter: partitionFilter(this.#spec, '*'),
      onRecord,
      onInterrupted: () => this.#idle.wake(),
    });
    if (this.#following === undefined) this.#following = following;
    else following.close();
  }

  async #oldest(): Promise<number | undefined> {
    const firsts = await Promise.all(
      this.#partitions().map((partition) =>
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

  /** Tasks of the priority that is due, then by priority. @throws StoreUnavailableError none could be taken */
  async #takeNow(max: number, leaseMs: number): Promise<Grant[]> {
    const tasks: Grant[] = [];
    const now = this.#clock.now();
    const due = this.#turns.due(now);
    try {
      if (due !== undefined) tasks.push(...(await this.#takeFrom(due, 1, leaseMs)));
      for (const priority of this.#priorities)
        if (tasks.length < max) tasks.push(...(await this.#takeFrom(priority, max - tasks.length, leaseMs)));
        else this.#turns.passed(priority, tasks.length, now);
    } catch (error) {
      // The tasks of the partitions before are leased: their taker gets them.
      if (tasks.length === 0) throw error;
    }
    return tasks;
  }

  async #usePriority(priority: number): Promise<void> {
    await this.#consumers.ensure(this.#spec, [`p${priority}`]);
    this.#priorities = [...this.#priorities, priority].toSorted((a, b) => a - b);
    this.#idle.wake();
  }

  #partitions(): Partition[] {
    return this.#priorities.map((priority): Partition => `p${priority}`);
  }

  async #takeFrom(priority: number, max: number, leaseMs: number): Promise<Grant[]> {
    this.#turns.asked(priority);
    const untilMs = this.#clock.now() + leaseMs;
    const deliveries = await this.#consumers.pull(this.#spec, `p${priority}`, max);
    const leased = await Promise.allSettled(
      deliveries.map((delivery) => this.#leases.grant(delivery, leaseMs, untilMs)),
    );
    // A task that could not be leased as asked is delivered again when the queue's own lease ends.
    return leased.flatMap((one) =>
      one.status === 'fulfilled' && one.value !== undefined ? [one.value] : [],
    );
  }

  /** Lets other takers have the tasks at once. Where that fails they wait for the end of the lease. */
  async #giveBack(tasks: readonly LeasedTask[]): Promise<void> {
    await Promise.allSettled(tasks.map(({ lease }) => this.release(lease)));
  }
}
