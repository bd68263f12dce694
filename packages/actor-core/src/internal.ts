/** What sibling packages of this repository need and no user does; may change without notice. */
export type { TableSizes } from './actor/table-sizes.ts';
export { tableSizes } from './system/local-system.ts';
export { editDistance } from './edit-distance.ts';
export { wireArray, wireStrings } from './remoting/wire-array.ts';
export { LeaderTenure } from './records/leader-tenure.ts';
export { pagesOf } from './records/pages.ts';
export { PendingWrites } from './records/pending-writes.ts';
export { type StoreProof, proveStore } from './records/prove-store.ts';
export { decodeRecord, encodeRecord } from './records/record-codec.ts';
export { type RecordKind, RecordStore } from './records/record-store.ts';
export { SlotPool } from './records/slot-pool.ts';
export { StoreHealth } from './records/store-health.ts';
export { followOwnRemedies } from './remedy/own-remedies.ts';
export { encodeToken } from './transport/subjects.ts';
export type { TenureWriteOutcome } from './records/tenure-writer.ts';
