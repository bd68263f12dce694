import type { BenchForm } from '../suite.ts';

/** Compare-and-sets by `workers` loops of `nodes` nodes, on `keys` keys. */
export interface SwapRow {
  readonly name: string;
  readonly describes: string;
  readonly nodes: number;
  readonly workers: number;
  readonly keys: number;
  /** `count`: operations on a counter that merges, which are never refused. */
  readonly kind: 'swap' | 'count';
  /** Operations of the full form. */
  readonly full: number;
}

export const swapRows: readonly SwapRow[] = [
  {
    name: 'swap-1',
    kind: 'swap',
    describes: 'one after the other',
    nodes: 1,
    workers: 1,
    keys: 1,
    full: 8_000,
  },
  {
    name: 'swap-64',
    kind: 'swap',
    describes: '64 in flight, a key each',
    nodes: 1,
    workers: 64,
    keys: 64,
    full: 60_000,
  },
  {
    name: 'swap-hot',
    kind: 'swap',
    describes: 'five nodes on one key, each one after the other',
    nodes: 5,
    workers: 5,
    keys: 1,
    full: 1_000,
  },
  {
    name: 'count-hot',
    kind: 'count',
    describes:
      'five nodes on one key, eight in flight each; the counter is a CRDT, so that nothing is refused',
    nodes: 5,
    workers: 40,
    keys: 1,
    full: 20_000,
  },
];

const shareOf: Readonly<Record<BenchForm, number>> = { full: 1, quick: 0.25, check: 0.005 };

/** Operations of a row in a form of the run. */
export function swapsOf({ full }: SwapRow, form: BenchForm): number {
  return Math.round(full * shareOf[form]);
}
