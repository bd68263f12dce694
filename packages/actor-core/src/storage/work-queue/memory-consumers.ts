import type { Clock } from '../../clock.ts';
import { StoreUnavailableError } from '../../errors.ts';
import type { LogRecord } from '../log/log.ts';
import type { LogOperation } from '../log/log-fault.ts';
import type { MemoryLogs } from '../log/memory-log.ts';
import type { MemoryStream } from '../log/memory-stream.ts';
import type { TaskDelivery, PartitionConsumers, PartitionCounts, Settlement } from './partition-consumers.ts';
import { type FullQueueSpec, type Partition, partitionFilter, placeOf, queueLog } from './queue-spec.ts';

/** How often a task was delivered, and until when it is leased. */
interface Held {
  readonly attempt: number;
  readonly untilMs: number;
}

/** What is leased of the queues in memory, shared by the nodes that connect to it. */
export class MemoryLeases {
  readonly #logs: MemoryLogs;
  readonly #clock: Clock;
  readonly #leaseMs = new Map<string, number>();
  readonly #held = new Map<string, Map<number, Held>>();

  constructor(logs: MemoryLogs, clock: Clock) {
    this.#logs = logs;
    this.#clock = clock;
  }

  /** The consumers as that node reaches them; they meet the faults of the logs. */
  connect(node: string): MemoryConsumers {
    return new MemoryConsumers(this, this.#logs, node);
  }

  /** The length of the queue's leases: that of the first spec. @internal */
  ensure({ name, leaseMs }: FullQueueSpec): { readonly leaseMs: number } {
    const known = this.#leaseMs.get(name) ?? leaseMs;
    this.#leaseMs.set(name, known);
    return { leaseMs: known };
  }

  /** @internal */
  pull(spec: FullQueueSpec, partition: Partition, max: number): TaskDelivery[] {
    const held = this.#heldOf(spec);
    const now = this.#clock.now();
    const deliveries: TaskDelivery[] = [];
    for (const record of this.#stream(spec).from(0, partitionFilter(spec, partition))) {
      if (deliveries.length === max) break;
      const earlier = held.get(record.sequence);
      if (earlier !== undefined && earlier.untilMs > now) continue;
      const attempt = (earlier?.attempt ?? 0) + 1;
      held.set(record.sequence, { attempt, untilMs: now + this.ensure(spec).leaseMs });
      deliveries.push(deliveryOf(record, attempt));
    }
    return deliveries;
  }

  /** @internal */
  settle(spec: FullQueueSpec, token: string, settlement: Settlement): void {
    const held = this.#heldOf(spec);
    const sequence = Number(token);
    const lease = held.get(sequence);
    if (settlement.kind === 'done') {
      held.delete(sequence);
      this.#stream(spec).remove(sequence);
    } else if (lease !== undefined)
      held.set(sequence, { ...lease, untilMs: this.#clock.now() + settlement.delayMs });
  }

  /** @internal */
  counts(spec: FullQueueSpec, partitions: readonly Partition[]): ReadonlyMap<Partition, PartitionCounts> {
    const held = this.#heldOf(spec);
    const counts = new Map<Partition, PartitionCounts>(
      partitions.map((partition) => [partition, { waiting: 0, held: 0 }]),
    );
    for (const record of this.#stream(spec).from(0, '>')) {
      const { partition } = placeOf(spec, record.subject);
      const { waiting, held: taken } = counts.get(partition) ?? { waiting: 0, held: 0 };
      const isHeld = held.has(record.sequence);
      counts.set(partition, isHeld ? { waiting, held: taken + 1 } : { waiting: waiting + 1, held: taken });
    }
    return counts;
  }

  #stream({ name }: FullQueueSpec): MemoryStream {
    return this.#logs.stream(queueLog(name));
  }

  #heldOf({ name }: FullQueueSpec): Map<number, Held> {
    const known = this.#held.get(name) ?? new Map<number, Held>();
    this.#held.set(name, known);
    return known;
  }
}

/** One node's way to the leases of queues in memory. */
export class MemoryConsumers implements PartitionConsumers {
  readonly #leases: MemoryLeases;
  readonly #logs: MemoryLogs;
  readonly #node: string;

  constructor(leases: MemoryLeases, logs: MemoryLogs, node: string) {
    this.#leases = leases;
    this.#logs = logs;
    this.#node = node;
  }

  ensure(spec: FullQueueSpec): Promise<{ readonly leaseMs: number }> {
    return Promise.resolve(this.#leases.ensure(spec));
  }

  pull(spec: FullQueueSpec, partition: Partition, max: number): Promise<readonly TaskDelivery[]> {
    return this.#perform(spec, 'pull', () => this.#leases.pull(spec, partition, max));
  }

  settle(spec: FullQueueSpec, token: string, settlement: Settlement, _withinMs: number): Promise<void> {
    return this.#perform(spec, 'settle', () => this.#leases.settle(spec, token, settlement));
  }

  /** How many tasks each partition has. */
  counts(
    spec: FullQueueSpec,
    partitions: readonly Partition[],
  ): Promise<ReadonlyMap<Partition, PartitionCounts>> {
    return this.#perform(spec, 'read', () => this.#leases.counts(spec, partitions));
  }

  async #perform<T>(spec: FullQueueSpec, kind: LogOperation['kind'], act: () => T): Promise<T> {
    const log = queueLog(spec.name);
    const fault = this.#logs.faults?.({ node: this.#node, log, kind });
    if (fault === 'away') throw new StoreUnavailableError(log);
    const result = act();
    if (fault === 'reply-lost') throw new StoreUnavailableError(log);
    return result;
  }
}

function deliveryOf(
  { subject, payload, headers, sequence, acceptedAtMs }: LogRecord,
  attempt: number,
): TaskDelivery {
  return { subject, payload, headers, sequence, acceptedAtMs, attempt, token: String(sequence) };
}
