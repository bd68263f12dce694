import { z } from 'zod';
import { compareStamps, type Stamp, zeroStamp } from '../hybrid-clock.ts';
import type { Crdt } from './crdt.ts';
import type { Json } from './json.ts';
import { parseWith } from './parse-operation.ts';

export interface RegisterState {
  readonly value: Json;
  readonly stamp: Stamp;
}

export interface RegisterOperation {
  readonly set: Json;
}

/** One value; of concurrent writes the one with the later stamp stays. */
export const lwwRegister: Crdt<RegisterState, RegisterOperation> = {
  kind: 'lww-register',
  empty: { value: null, stamp: zeroStamp },
  apply: (state, { set }, { stamp }) => lwwRegister.merge(state, { value: set, stamp }),
  merge: (a, b) => (compareStamps(a.stamp, b.stamp) >= 0 ? a : b),
  value: ({ value }) => value,
  parse: parseWith(z.strictObject({ set: z.json() })),
};
