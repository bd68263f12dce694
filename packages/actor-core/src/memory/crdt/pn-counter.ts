import { z } from 'zod';
import type { Crdt } from './crdt.ts';
import { parseWith } from './parse-operation.ts';

/** Sums of what each replica has added and taken away. */
export interface CounterState {
  readonly added: Readonly<Record<string, number>>;
  readonly taken: Readonly<Record<string, number>>;
}

export interface CounterOperation {
  /** A whole number; negative to count down. */
  readonly add: number;
}

/** A number that everybody may raise and lower; nothing that was counted is lost. */
export const pnCounter: Crdt<CounterState, CounterOperation> = {
  kind: 'pn-counter',
  empty: { added: {}, taken: {} },
  apply: ({ added, taken }, { add }, { replica }) =>
    add >= 0 ? { added: raise(added, replica, add), taken } : { added, taken: raise(taken, replica, -add) },
  merge: (a, b) => ({ added: larger(a.added, b.added), taken: larger(a.taken, b.taken) }),
  value: ({ added, taken }) => total(added) - total(taken),
  parse: parseWith(z.strictObject({ add: z.int() })),
};

type Sums = Readonly<Record<string, number>>;

function raise(sums: Sums, replica: string, by: number): Sums {
  return { ...sums, [replica]: (sums[replica] ?? 0) + by };
}

/** Each replica only raises its own sums, so that the larger one is the newer one. */
function larger(a: Sums, b: Sums): Sums {
  const merged: Record<string, number> = { ...a };
  for (const [replica, other] of Object.entries(b)) merged[replica] = Math.max(other, merged[replica] ?? 0);
  return merged;
}

function total(sums: Sums): number {
  return Object.values(sums).reduce((sum, one) => sum + one, 0);
}
