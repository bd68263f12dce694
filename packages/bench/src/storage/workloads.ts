import type { BenchForm } from '../suite.ts';

export type StorageWorkloadName =
  | 'put-1'
  | 'put-64'
  | 'get-64'
  | 'update-64'
  | 'fenced-64'
  | 'fenced-batch-64'
  | 'queue-64';

export interface StorageWorkload {
  readonly name: StorageWorkloadName;
  readonly describes: string;
  readonly inFlight: number;
  /** Operations of the full form. */
  readonly full: number;
}

/** The quick form runs a quarter of the operations of the full form, a check one in two hundred. */
const shareOf: Readonly<Record<BenchForm, number>> = { full: 1, quick: 0.25, check: 0.005 };

export const storageWorkloads: readonly StorageWorkload[] = [
  { name: 'put-1', describes: 'a key is set, one after the other', inFlight: 1, full: 20_000 },
  { name: 'put-64', describes: 'a key is set', inFlight: 64, full: 80_000 },
  { name: 'get-64', describes: 'a key is read from the leader', inFlight: 64, full: 40_000 },
  { name: 'update-64', describes: 'a key is set at its revision', inFlight: 64, full: 60_000 },
  {
    name: 'fenced-64',
    describes: 'a record is written under a fence, each by itself',
    inFlight: 64,
    full: 40_000,
  },
  {
    name: 'fenced-batch-64',
    describes: 'a record is written under a fence; those that wait are one atomic batch (the default)',
    inFlight: 64,
    full: 20_000,
  },
  {
    name: 'queue-64',
    describes: 'a task is put, taken and acknowledged; ended by the confirmed acknowledgement',
    inFlight: 64,
    full: 20_000,
  },
];

/** Operations of a workload in a form of the run. */
export function operationsOf({ full }: StorageWorkload, form: BenchForm): number {
  return Math.round(full * shareOf[form]);
}
