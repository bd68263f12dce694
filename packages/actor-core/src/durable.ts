/**
 * Durable records with compare-and-set and fences: `import … from '@drover/actor-core/durable'`.
 *
 * @module durable
 */
export {
  FenceRejectedError,
  type StoreTrouble,
  StoreUnavailableError,
  WrongSequenceError,
} from './errors.ts';
export { JetStreamStore, type JetStreamStoreOptions } from './storage/jetstream-store.ts';
export { readStoreUsage, type StoreUsage } from './storage/store-usage.ts';
export type { AppendExpectation, Store, StoredRecord, StreamSpec } from './storage/store.ts';
