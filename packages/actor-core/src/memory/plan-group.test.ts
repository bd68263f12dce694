import { expect, it } from 'vitest';
import type { KeyOperation } from './decide-key-write.ts';
import { zeroStamp } from './hybrid-clock.ts';
import { knownMerges } from './merges.ts';
import { type GroupOperation, planGroup } from './plan-group.ts';
import type { StoredValue } from './stored-value.ts';

const stored: StoredValue = {
  key: 'k',
  kind: 'value',
  sequence: 5,
  value: Uint8Array.of(0),
  meta: { policy: 'last-writer', contentType: 'text/plain' },
  changedAtMs: 0,
};
const context = { merges: knownMerges, replica: 'me', basis: 5 };

function put(source?: string, basis?: number): GroupOperation {
  const operation: KeyOperation = {
    kind: 'put',
    value: Uint8Array.of(1),
    contentType: 'text/plain',
    policy: undefined,
    condition: undefined,
    ttlMs: undefined,
    expiresAtMs: undefined,
    stamp: { ...zeroStamp, wallMs: 1 },
  };
  return { operation, source, basis };
}

const conflicts = (...operations: readonly GroupOperation[]): readonly (number | undefined)[] =>
  planGroup(stored, operations, context).steps.map(({ conflict }) => conflict?.other);

it('sees no conflict between operations of one node that follow each other', () => {
  expect(conflicts(put(), put())).toEqual([undefined, undefined]);
  expect(conflicts(put('a', 5), put('a', 5))).toEqual([undefined, undefined]);
});

it('sees a conflict with what the node of an operation has not seen', () => {
  expect(conflicts(put('a', 3))).toEqual([5]);
  // The record before it in the same commit has no sequence yet.
  expect(conflicts(put('a', 5), put('b', 5))).toEqual([undefined, -1]);
  expect(conflicts(put('a', 5), put())).toEqual([undefined, -1]);
});
