/** What sibling packages of this repository need and no user does; may change without notice. */
export type { TableSizes } from './actor/table-sizes.ts';
export { tableSizes } from './system/local-system.ts';
export { editDistance } from './edit-distance.ts';
export { wireArray, wireStrings } from './remoting/wire-array.ts';
