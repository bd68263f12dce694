import type { Clock } from '../../clock.ts';
import { StoreUnavailableError } from '../../errors.ts';
import type { LogRecord } from '../log/log.ts';
import type { LogOperation } from '../log/log-fault.ts';
import type { MemoryLogs } from '../log/memory-log.ts';
import type { MemoryStream } from '../log/memory-stream.ts';
import type { PathLimits, StorePath } from '../log/store-path.ts';
import {
  type PartitionConsumers,
  type PartitionCounts,
  repeatableMs,
  type Settlement,
  type TaskDelivery,
} from './partition-consumers.ts';
import { type FullQueueSpec, type Partition, partitionFilter, placeOf } from './queue-spec.ts';

/** How often a task was delivered, and until when it is leased. */
interface Held {
  /** After a loss of records, the sequence may belong to another record. */
  readonly record: LogRecord;
  readonly attempt: number;
  readonly untilMs: number;
}

/** The consumers of one queue. They end with its log. */
interface Consumers {
  /** The length of the leases: that of the first spec. */
  readonly leaseMs: number;
  readonly partitions: Set<Partition>;
  readonly held: Map<number, Held>;
}

/** What is leased of the queues in memory, shared by the nodes that connect to it. */
export class MemoryLeases {
  readonly #logs: MemoryLogs;
  readonly #clock: Clock;
  /** By the identity of the log and the queue. */
  readonly #consumers = new Map<string, Consumers>();

  constructor(logs: MemoryLogs, clock: Clock) {
    this.#logs = logs;
    this.#clock = clock;
  }

  /** The consumers as that node reaches them. `path`: its way to them. @default a direct one, with the logs' faults */
  connect(node: string, path: StorePath = this.#logs.directPath()): MemoryConsumers {
    return new MemoryConsumers(this, node, path);
  }

  /** @internal */
  ensure(spec: FullQueueSpec, partitions: readonly Partition[]): { readonly leaseMs: number } {
    const key = this.#keyOf(spec);
    const known = this.#consumers.get(key) ?? {
      leaseMs: spec.leaseMs,
      partitions: new Set<Partition>(),
      held: new Map<number, Held>(),
    };
    for (const partition of partitions) known.partitions.add(partition);
    this.#consumers.set(key, known);
    return { leaseMs: known.leaseMs };
  }

  /** @internal */
  pull(spec: FullQueueSpec, partition: Partition, max: number): TaskDelivery[] {
    const { held, leaseMs } = this.#of(spec, [partition]);
    const now = this.#clock.now();
    const deliveries: TaskDelivery[] = [];
    for (const record of this.#stream(spec).from(0, partitionFilter(spec, partition))) {
      if (deliveries.length === max) break;
      const leased = held.get(record.sequence);
      const earlier = leased?.record === record ? leased : undefined;
      if (earlier !== undefined && earlier.untilMs > now) continue;
      const attempt = (earlier?.attempt ?? 0) + 1;
      held.set(record.sequence, { record, attempt, untilMs: now + leaseMs });
      deliveries.push(deliveryOf(record, attempt));
    }
    return deliveries;
  }

  /** @internal */
  settle(spec: FullQueueSpec, token: string, settlement: Settlement): void {
    const { held } = this.#of(spec, []);
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
    const { held } = this.#of(spec, partitions);
    const counts = new Map<Partition, PartitionCounts>(
      partitions.map((partition) => [partition, { waiting: 0, held: 0 }]),
    );
    for (const record of this.#stream(spec).from(0, `${spec.prefix}.>`)) {
      const { partition } = placeOf(spec, record.subject);
      const { waiting, held: taken } = counts.get(partition) ?? { waiting: 0, held: 0 };
      const isHeld = held.has(record.sequence);
      counts.set(partition, isHeld ? { waiting, held: taken + 1 } : { waiting: waiting + 1, held: taken });
    }
    return counts;
  }

  /** @internal */
  remove(spec: FullQueueSpec): void {
    this.#consumers.delete(this.#keyOf(spec));
  }

  #keyOf(spec: FullQueueSpec): string {
    return `${this.#stream(spec).created} ${spec.name}`;
  }

  #stream({ log }: FullQueueSpec): MemoryStream {
    return this.#logs.stream(log.name);
  }

  /** @throws StoreUnavailableError where there are no such consumers, as in a log that was made again */
  #of(spec: FullQueueSpec, partitions: readonly Partition[]): Consumers {
    const consumers = this.#consumers.get(this.#keyOf(spec));
    if (consumers === undefined || !partitions.every((partition) => consumers.partitions.has(partition)))
      throw new StoreUnavailableError(spec.log.name);
    return consumers;
  }
}

/** One node's way to the leases of queues in memory. */
export class MemoryConsumers implements PartitionConsumers {
  readonly #leases: MemoryLeases;
  readonly #node: string;
  readonly #path: StorePath;

  constructor(leases: MemoryLeases, node: string, path: StorePath) {
    this.#leases = leases;
    this.#node = node;
    this.#path = path;
  }

  ensure(spec: FullQueueSpec, partitions: readonly Partition[]): Promise<{ readonly leaseMs: number }> {
    return this.#perform(spec, 'ensure', () => this.#leases.ensure(spec, partitions));
  }

  pull(spec: FullQueueSpec, partition: Partition, max: number): Promise<readonly TaskDelivery[]> {
    return this.#perform(spec, 'pull', () => this.#leases.pull(spec, partition, max));
  }

  settle(spec: FullQueueSpec, token: string, settlement: Settlement, withinMs: number): Promise<void> {
    const limits = { withinMs, repeatableMs: repeatableMs(settlement, withinMs) };
    return this.#perform(spec, 'settle', () => this.#leases.settle(spec, token, settlement), limits);
  }

  /** How many tasks each partition has. */
  counts(
    spec: FullQueueSpec,
    partitions: readonly Partition[],
  ): Promise<ReadonlyMap<Partition, PartitionCounts>> {
    return this.#perform(spec, 'read', () => this.#leases.counts(spec, partitions));
  }

  remove(spec: FullQueueSpec): Promise<void> {
    return this.#perform(spec, 'ensure', () => this.#leases.remove(spec));
  }

  #perform<T>(
    spec: FullQueueSpec,
    kind: LogOperation['kind'],
    act: () => T,
    limits?: PathLimits,
  ): Promise<T> {
    return this.#path.perform({ node: this.#node, log: spec.log.name, kind }, act, limits);
  }
}

function deliveryOf(
  { subject, payload, headers, sequence, acceptedAtMs }: LogRecord,
  attempt: number,
): TaskDelivery {
  return { subject, payload, headers, sequence, acceptedAtMs, attempt, token: String(sequence) };
}
