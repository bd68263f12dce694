import type { Clock } from '../clock.ts';
import type { Random } from '../random.ts';
import type { HeaderTransport } from '../transport/transport.ts';
import type { Blobs } from './blob/blob.ts';
import { LogBlobs } from './blob/log-blobs.ts';
import { JetStreamClient } from './jetstream/jetstream-client.ts';
import { LogKeyValue } from './key-value/log-key-value.ts';
import type { KeyValue } from './key-value/key-value.ts';
import { JetStreamLog } from './log/jetstream-log.ts';
import type { Log } from './log/log.ts';
import { RecordWriter } from './log/record-writer.ts';
import { JetStreamConsumers } from './work-queue/jetstream-consumers.ts';
import { LogWorkQueues } from './work-queue/log-work-queue.ts';
import type { PartitionConsumers } from './work-queue/partition-consumers.ts';
import type { WorkQueues } from './work-queue/work-queue.ts';

/** The durable storage of the cluster, as one node reaches it. */
export interface NodeStorage {
  readonly log: Log;
  /** Writes to logs, repeats attempts, and resolves unknown outcomes. */
  readonly writer: RecordWriter;
  /** Buckets of values by key. */
  readonly keyValue: KeyValue;
  /** Queues of tasks. */
  readonly queues: WorkQueues;
  /** Large values. */
  readonly blobs: Blobs;
}

/** What a `NodeStorage` is built on. */
export interface StorageParts {
  readonly log: Log;
  readonly consumers: PartitionConsumers;
  readonly clock: Clock;
  readonly random: Random;
}

/** All interfaces of storage on one log: those of JetStream or those in memory. */
export function createStorage({ log, consumers, clock, random }: StorageParts): NodeStorage {
  const writer = new RecordWriter({ log, clock, random });
  return {
    log,
    writer,
    keyValue: new LogKeyValue({ log, writer, clock }),
    queues: new LogWorkQueues({ log, writer, consumers, clock }),
    blobs: new LogBlobs({ log, writer, clock, random }),
  };
}

/** The storage of a node that is connected to NATS. */
export function jetStreamStorage(surroundings: {
  readonly transport: HeaderTransport;
  readonly clock: Clock;
  readonly random: Random;
  /** As in `JetStreamLogOptions`. @default 1 */
  readonly leastReplicas?: number;
}): NodeStorage {
  const { transport, clock, random, leastReplicas = 1 } = surroundings;
  const client = new JetStreamClient({ transport, clock, random });
  return createStorage({
    log: new JetStreamLog(client, { leastReplicas }),
    consumers: new JetStreamConsumers(client),
    clock,
    random,
  });
}
