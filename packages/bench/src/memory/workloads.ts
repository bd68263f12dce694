import type { BenchForm } from '../suite.ts';

export type MemoryWorkloadName = 'cached' | 'fresh-64' | 'put-64' | 'propagation';

export interface MemoryWorkload {
  readonly name: MemoryWorkloadName;
  readonly describes: string;
  /** Operations of the full form. */
  readonly full: number;
}

const shareOf: Readonly<Record<BenchForm, number>> = { full: 1, quick: 0.25, check: 0.005 };

export const memoryWorkloads: readonly MemoryWorkload[] = [
  { name: 'cached', describes: 'a key is read from the cache, one after the other', full: 4_000_000 },
  { name: 'fresh-64', describes: 'a key is read and proven to be current, 64 in flight', full: 60_000 },
  { name: 'put-64', describes: 'a key is set, 64 in flight', full: 80_000 },
  {
    name: 'propagation',
    describes: 'time from the call of a put to its change at another node, one after the other',
    full: 4_000,
  },
];

/** Operations of a workload in a form of the run. */
export function memoryOperationsOf({ full }: MemoryWorkload, form: BenchForm): number {
  return Math.round(full * shareOf[form]);
}
