/** What sibling packages of this repository need and no user does; may change without notice. */
export type { TableSizes } from './actor/table-sizes.ts';
export { tableSizes } from './system/local-system.ts';
export { editDistance } from './edit-distance.ts';
export { wireArray, wireStrings } from './remoting/wire-array.ts';
export {
  type PlacedEntity,
  confirmActive,
  countByNode,
  countOrder,
  decideDue,
  isPlaced,
  isPlacedOn,
  leaveUnplaced,
  mustBeListed,
  newEntity,
  placeOn,
} from './placement/activation.ts';
export { chooseHost } from './placement/choose-host.ts';
export { type HostStamp, HostTable } from './placement/host-table.ts';
export { LeaderTenure } from './placement/leader-tenure.ts';
export { pagesOf } from './placement/pages.ts';
export { PendingWrites } from './placement/pending-writes.ts';
export type { HostSeen, Placement } from './placement/placement.ts';
export { type StoreProof, proveStore } from './placement/prove-store.ts';
export { decodeRecord, encodeRecord } from './placement/record-codec.ts';
export { type RecordKind, RecordStore } from './placement/record-store.ts';
export { SlotPool } from './placement/slot-pool.ts';
export { StoreHealth } from './placement/store-health.ts';
export type { TenureWriteOutcome } from './placement/tenure-writer.ts';
