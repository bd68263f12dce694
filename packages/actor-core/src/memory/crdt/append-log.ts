import { z } from 'zod';
import { compareStamps, type Stamp } from '../hybrid-clock.ts';
import type { Crdt } from './crdt.ts';
import type { Json } from './json.ts';
import { parseWith } from './parse-operation.ts';

export interface LogEntry {
  readonly stamp: Stamp;
  readonly value: Json;
}

/** Entries in the order of their stamps. */
export type LogState = readonly LogEntry[];

export interface LogOperation {
  readonly append: Json;
}

/** The newest entries that are kept. */
const maxEntries = 1_000;

/**
 * A list that everybody may append to, in the order of the hybrid clock. The oldest entries beyond 1,000 are dropped.
 */
export const appendLog: Crdt<LogState, LogOperation> = {
  kind: 'append-log',
  empty: [],
  apply: (state, { append }, { stamp }) => appendLog.merge(state, [{ stamp, value: append }]),
  merge: (a, b) => {
    const merged: LogEntry[] = [];
    for (let i = 0, j = 0; i < a.length || j < b.length; ) {
      const [left, right] = [a[i], b[j]];
      const order =
        left === undefined ? 1 : right === undefined ? -1 : compareStamps(left.stamp, right.stamp);
      merged.push((order <= 0 ? left : right) as LogEntry);
      if (order <= 0) i++;
      if (order >= 0) j++;
    }
    return merged.slice(-maxEntries);
  },
  value: (state) => state.map(({ value }) => value),
  parse: parseWith(z.strictObject({ append: z.json() })),
};
