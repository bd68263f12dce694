/**
 * Durable records with compare-and-set and fences: `import … from '@drover/actor-core/durable'`.
 *
 * @module durable
 */
export {
  type BlobDamage,
  BlobDamagedError,
  BlobTooLargeError,
  FenceRejectedError,
  NotStoredError,
  OutcomeUnknownError,
  QuarantinedError,
  type StoreTrouble,
  StoreUnavailableError,
  UploadTimeoutError,
} from './errors.ts';
export { createFence, type Fence, type FencedOutcome, takeFence } from './fence/fence.ts';
export { FencedBucket } from './fence/fenced-bucket.ts';
export { FencedWriter, type FencedWriterOptions } from './fence/fenced-writer.ts';
export type {
  Defect,
  EventOf,
  EventSpec,
  EventSpecs,
  StoredFields,
  Upcaster,
  Versioned,
} from './journal/event-schemas.ts';
export type { Decision, JournalDefinition, StateSpec, TimerRequest } from './journal/journal-definition.ts';
export type { JournalOwner } from './journal/journal-owner.ts';
export { journalled, type JournalSurroundings } from './journal/journalled.ts';
export { journalLogSpec, openJournal, type OpenJournalOptions } from './journal/open-journal.ts';
export { listQuarantined, type Quarantine, type QuarantineCause } from './journal/quarantine.ts';
export type { DurableTimer } from './journal/timers/timer-table.ts';
export type {
  BlobBucket,
  BlobContent,
  BlobDeletion,
  BlobEntry,
  BlobOutcome,
  BlobReading,
  BlobRef,
  Blobs,
  PutBlobOptions,
} from './storage/blob/blob.ts';
export type { BlobBucketSpec } from './storage/blob/blob-spec.ts';
export { LogBlobs, type LogBlobsOptions } from './storage/blob/log-blobs.ts';
export { JetStreamClient, type JetStreamClientOptions } from './storage/jetstream/jetstream-client.ts';
export type { BucketSpec } from './storage/key-value/bucket-spec.ts';
export type {
  BatchChange,
  Bucket,
  BucketWatch,
  BucketWatchOptions,
  KeyChange,
  KeyEntry,
  KeyOutcome,
  KeyValue,
  PutOptions,
} from './storage/key-value/key-value.ts';
export { LogKeyValue, type LogKeyValueOptions } from './storage/key-value/log-key-value.ts';
export type { WriteOutcome } from './storage/log/decide-write.ts';
export type { ResetReason } from './storage/log/decide-watch.ts';
export { JetStreamLog } from './storage/log/jetstream-log.ts';
export type {
  AppendOutcome,
  BatchRecord,
  Expectation,
  Following,
  ForwardQuery,
  Log,
  LogFollower,
  LogPage,
  LogRecord,
  NewRecord,
} from './storage/log/log.ts';
export type { FullLogSpec, LogInfo, LogLimits, LogSpec } from './storage/log/log-spec.ts';
export { RecordWriter, type RecordWriterOptions } from './storage/log/record-writer.ts';
export { type LogWatch, watchLog, type WatchOptions } from './storage/log/watch-log.ts';
export type { NodeStorage } from './storage/node-storage.ts';
export { readStoreUsage, type StoreUsage } from './storage/store-usage.ts';
export { JetStreamConsumers } from './storage/work-queue/jetstream-consumers.ts';
export type {
  PartitionConsumers,
  PartitionCounts,
  Settlement,
  TaskDelivery,
} from './storage/work-queue/partition-consumers.ts';
export { LogWorkQueues } from './storage/work-queue/log-work-queue.ts';
export type { QueueStorage } from './storage/work-queue/task-leases.ts';
export type { FullQueueSpec, Partition, QueueSpec } from './storage/work-queue/queue-spec.ts';
export type {
  DeadPage,
  DeadTask,
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
} from './storage/work-queue/work-queue.ts';
