import { type Durability, durabilities, type DurabilityName } from '../durability.ts';
import type { BenchForm } from '../suite.ts';

export type MemoryWorkloadName = 'cached' | 'fresh-64' | 'put-64' | 'batch-500' | 'propagation';

/** One row: a workload on servers of one durability. */
export interface MemoryWorkload {
  /** Name of the row. */
  readonly name: string;
  readonly workload: MemoryWorkloadName;
  readonly durability: Durability;
  readonly describes: string;
  /** Operations of the full form. */
  readonly full: number;
  /** Whether the shortest form has it too: each row on three servers takes some seconds. */
  readonly isChecked: boolean;
}

const shareOf: Readonly<Record<BenchForm, number>> = { full: 1, quick: 0.25, check: 0.005 };
/** Changes of one batch. */
export const batchSize = 500;

const describes: Readonly<Record<MemoryWorkloadName, string>> = {
  cached: 'a key is read from the cache, one after the other',
  'fresh-64': 'a key is read and proven to be current, 64 in flight',
  'put-64': 'a key is set, 64 in flight',
  'batch-500': `${batchSize} keys are set, all or none; two batches in flight, counted in keys`,
  propagation: 'time from the call of a put to its change at another node, one after the other',
};

export const memoryWorkloads: readonly MemoryWorkload[] = [
  rowOf('cached', 'process', 4_000_000),
  rowOf('fresh-64', 'process', 60_000),
  rowOf('put-64', 'process', 80_000),
  rowOf('put-64', 'power', 20_000),
  rowOf('put-64', 'three', 40_000),
  rowOf('put-64', 'any-one', 40_000),
  rowOf('batch-500', 'process', 100_000),
  rowOf('batch-500', 'power', 100_000),
  rowOf('batch-500', 'three', 200_000),
  rowOf('batch-500', 'any-one', 200_000),
  rowOf('propagation', 'process', 4_000),
  rowOf('propagation', 'any-one', 2_000),
];

function rowOf(workload: MemoryWorkloadName, durability: DurabilityName, full: number): MemoryWorkload {
  const name = durability === 'process' ? workload : `${workload} ${durability}`;
  const servers = durabilities[durability];
  return {
    name,
    workload,
    durability: servers,
    describes: `${describes[workload]}; ${servers.describes}`,
    full,
    isChecked: durability === 'process' || name === 'batch-500 any-one',
  };
}

/** Operations of a workload in a form of the run. */
export function memoryOperationsOf({ workload, full }: MemoryWorkload, form: BenchForm): number {
  const operations = Math.round(full * shareOf[form]);
  return workload === 'batch-500' ? Math.max(1, Math.round(operations / batchSize)) * batchSize : operations;
}
