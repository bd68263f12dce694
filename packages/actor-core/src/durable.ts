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
export { JetStreamStore, type JetStreamStoreOptions } from './storage/log/jetstream-store.ts';
export { readStoreUsage, type StoreUsage } from './storage/store-usage.ts';
export type { AppendExpectation } from './storage/log/append-expectation.ts';
export type { Store, StoredRecord } from './storage/log/store.ts';
export type { StreamSpec } from './storage/log/stream-spec.ts';
