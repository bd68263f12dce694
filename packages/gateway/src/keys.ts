export {
  type AccessKey,
  accessKeyText,
  digestOfSecret,
  newAccessKey,
  parseAccessKey,
} from './keys/access-key.ts';
export {
  createKey,
  type IssuedKey,
  type KeySpec,
  type LimitChanges,
  limitKey,
  revokeKey,
  rotateKey,
} from './keys/change-key.ts';
export { type FollowedKeys, followKeys, type KeyFollower } from './keys/follow-keys.ts';
export { openUsageLedger } from './usage/open-usage-ledger.ts';
export { keepUsageBucket } from './usage/usage-store.ts';
export { keepQuotaLog } from './quota/quota-log.ts';
export { type Limits } from './quota/limit-spec.ts';
export { keepKeptBucket } from './keeping/kept-records.ts';
export { keepKeysBucket } from './keys/keep-keys-bucket.ts';
export {
  isNewer,
  type KeyRecord,
  keyRecordSchema,
  type KeyState,
  keyStateOf,
} from './keys/key-record.ts';
export { keyView } from './keys/key-view.ts';
export { type KeyRing } from './keys/key-ring.ts';
export { keyStoreOf, type KeyStore } from './keys/key-store.ts';
export { type KeyRole, roleNames } from './keys/rights.ts';
