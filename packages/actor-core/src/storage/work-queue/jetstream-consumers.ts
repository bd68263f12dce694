import { InvalidArgumentError, StoreUnavailableError, TransportDisconnectedError } from '../../errors.ts';
import { type JetStreamClient, refusal } from '../jetstream/jetstream-client.ts';
import { errorCode } from '../jetstream/jetstream-errors.ts';
import { ackSubject, parseAckSubject } from './ack-subject.ts';
import { JetStreamPulls } from './jetstream-pulls.ts';
import {
  type PartitionConsumers,
  type PartitionCounts,
  repeatableMs,
  type Settlement,
  type TaskDelivery,
} from './partition-consumers.ts';
import {
  allPartitions,
  consumerOf,
  type FullQueueSpec,
  type Partition,
  partitionFilter,
} from './queue-spec.ts';

const nanosecondsPerMs = 1_000_000;
/** How long a pull that does not wait may take. */
const pullTimeoutMs = 2_000;
/** How long one attempt to settle a delivery waits for its confirmation. */
const attemptTimeoutMs = 1_000;
const encoder = new TextEncoder();

interface ConsumerInfo {
  readonly config: { readonly ack_wait: number };
  readonly num_pending: number;
  readonly num_ack_pending: number;
}

/**
 * One durable pull consumer per partition. `later` and `dead` have one too: nothing is pulled from them, but the server
 * counts their tasks.
 *
 * A lease that is longer or shorter than the consumer's is made by a negative acknowledgement with a delay. The server
 * then holds the task for that time, and still accepts its acknowledgement (measured, 2.15.1).
 */
export class JetStreamConsumers implements PartitionConsumers {
  readonly #client: JetStreamClient;
  readonly #pulls: JetStreamPulls;

  constructor(client: JetStreamClient) {
    this.#client = client;
    this.#pulls = new JetStreamPulls(client);
  }

  async ensure(spec: FullQueueSpec, partitions: readonly Partition[]): Promise<{ readonly leaseMs: number }> {
    const leases = await Promise.all(partitions.map((partition) => this.#ensurePartition(spec, partition)));
    return { leaseMs: Math.min(...leases) };
  }

  async pull(spec: FullQueueSpec, partition: Partition, max: number): Promise<readonly TaskDelivery[]> {
    return this.#pulls.pull(spec.log.name, consumerOf(spec, partition), { max, timeoutMs: pullTimeoutMs });
  }

  async settle(spec: FullQueueSpec, token: string, settlement: Settlement, withinMs: number): Promise<void> {
    const stream = spec.log.name;
    const parts = parseAckSubject(token);
    const isOwn = allPartitions(spec).some((partition) => consumerOf(spec, partition) === parts?.consumer);
    if (parts === undefined || parts.stream !== stream || !isOwn)
      throw new InvalidArgumentError('lease.token', 'is not one of this queue');
    const payload = encoder.encode(settlementText(settlement));
    const { clock, operationTimeoutMs } = this.#client;
    const deadline = clock.now() + Math.min(operationTimeoutMs, withinMs);
    const repeatableUntil = Math.min(deadline, clock.now() + repeatableMs(settlement, withinMs));
    for (;;) {
      try {
        const timeoutMs = Math.max(1, Math.min(attemptTimeoutMs, deadline - clock.now()));
        await this.#client.transport.requestWithHeaders(ackSubject(parts), payload, undefined, timeoutMs);
        return;
      } catch (cause) {
        const isOver =
          cause instanceof TransportDisconnectedError || !(await this.#client.pause(repeatableUntil));
        if (isOver) throw new StoreUnavailableError(stream, { cause });
      }
    }
  }

  /** How many tasks each partition has, as the server counts them. */
  async counts(
    spec: FullQueueSpec,
    partitions: readonly Partition[],
  ): Promise<ReadonlyMap<Partition, PartitionCounts>> {
    const stream = spec.log.name;
    const counts = await Promise.all(
      partitions.map(async (partition): Promise<[Partition, PartitionCounts]> => {
        const info = await this.#client.require<ConsumerInfo>(
          stream,
          `CONSUMER.INFO.${stream}.${consumerOf(spec, partition)}`,
        );
        return [partition, { waiting: info.num_pending, held: info.num_ack_pending }];
      }),
    );
    return new Map(counts);
  }

  async remove(spec: FullQueueSpec): Promise<void> {
    const stream = spec.log.name;
    await Promise.all(
      allPartitions(spec).map(async (partition) => {
        const operation = `CONSUMER.DELETE.${stream}.${consumerOf(spec, partition)}`;
        const { error } = await this.#client.call(stream, operation);
        if (error !== undefined && error.err_code !== errorCode.consumerNotFound)
          throw refusal(stream, error);
      }),
    );
  }

  /** The length of the consumer's leases. */
  async #ensurePartition(spec: FullQueueSpec, partition: Partition): Promise<number> {
    const stream = spec.log.name;
    const consumer = consumerOf(spec, partition);
    const existing = await this.#client.call<ConsumerInfo>(stream, `CONSUMER.INFO.${stream}.${consumer}`);
    if (existing.error === undefined) return existing.config.ack_wait / nanosecondsPerMs;
    if (existing.error.err_code !== errorCode.consumerNotFound) throw refusal(stream, existing.error);
    const filter = partitionFilter(spec, partition);
    await this.#client.require(stream, `CONSUMER.CREATE.${stream}.${consumer}.${filter}`, {
      stream_name: stream,
      action: '',
      config: {
        name: consumer,
        durable_name: consumer,
        filter_subject: filter,
        ack_policy: 'explicit',
        ack_wait: spec.leaseMs * nanosecondsPerMs,
        // The queue counts attempts itself. The server would stop delivering a task without a notice.
        max_deliver: -1,
        max_ack_pending: -1,
      },
    });
    return spec.leaseMs;
  }
}

function settlementText(settlement: Settlement): string {
  if (settlement.kind === 'done') return '+ACK';
  if (settlement.delayMs <= 0) return '-NAK';
  return `-NAK {"delay": ${Math.round(settlement.delayMs * nanosecondsPerMs)}}`;
}
