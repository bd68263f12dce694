import { expect, it } from 'vitest';
import { type Condition, decideKeyWrite, type KeyOperation } from './decide-key-write.ts';
import { zeroStamp } from './hybrid-clock.ts';
import { knownMerges } from './merges.ts';
import type { Policy } from './policy.ts';
import { absentValue, type StoredValue } from './stored-value.ts';

const bytes = (text: string) => new TextEncoder().encode(text);
const stampAt = (wallMs: number) => ({ ...zeroStamp, wallMs, node: 'n' });
const context = { merges: knownMerges, replica: 'n', basis: 5 };

function stored(policy: Policy, text: string, wallMs = 0): StoredValue {
  const meta = { policy, contentType: 'text/plain', stamp: stampAt(wallMs) };
  return { key: 'k', kind: 'value', sequence: 5, value: bytes(text), meta, changedAtMs: 0 };
}

function put(
  text: string,
  fields: { policy?: Policy; condition?: Condition; wallMs?: number } = {},
): KeyOperation {
  const { policy, condition, wallMs = 10 } = fields;
  const rest = { contentType: 'text/plain', ttlMs: undefined, expiresAtMs: undefined };
  return { kind: 'put', value: bytes(text), policy, condition, stamp: stampAt(wallMs), ...rest };
}

it.each([
  ['a new key', absentValue('k'), put('1'), 'write'],
  ['a new key that must be absent', absentValue('k'), put('1', { condition: 'absent' }), 'write'],
  ['a new key that must exist', absentValue('k'), put('1', { condition: 'present' }), 'revision-mismatch'],
  [
    'a key that must be absent',
    stored('reject', '0'),
    put('1', { condition: 'absent' }),
    'revision-mismatch',
  ],
  ['the right revision', stored('reject', '0'), put('1', { condition: { revision: 5 } }), 'write'],
  ['a wrong revision', stored('reject', '0'), put('1', { condition: { revision: 4 } }), 'revision-mismatch'],
  ['another policy', stored('reject', '0'), put('1', { policy: 'last-writer' }), 'policy-mismatch'],
  ['a later stamp', stored('last-writer', '0', 9), put('1'), 'write'],
  ['an earlier stamp', stored('last-writer', '0', 11), put('1'), 'superseded'],
  ['a merge that fails', stored('merge:max', '0'), put('x'), 'merge-failed'],
  ['a merge that nobody knows', stored('merge:odd', '0'), put('x'), 'merge-failed'],
  ['a put on a CRDT', stored('crdt:pn-counter', '{}'), put('1'), 'policy-mismatch'],
  ['operations on a damaged state', stored('crdt:pn-counter', '{'), operate([{ add: 1 }]), 'merge-failed'],
  ['operations on a new key', absentValue('k'), operate([{ add: 1 }]), 'not-found'],
])('decides about %s', (_what, before, operation, expected) => {
  const decision = decideKeyWrite(before, operation, context);
  expect(decision.do === 'write' ? 'write' : decision.outcome.kind).toBe(expected);
});

function operate(operations: readonly unknown[]): KeyOperation {
  const stamps = operations.map((_, index) => stampAt(index));
  return { kind: 'operate', operations, stamps, policy: undefined, ttlMs: undefined, expiresAtMs: undefined };
}

it.each([
  ['json-object', '{"a":{"x":1},"b":1}', '{"a":{"y":2},"c":[1]}', { a: { x: 1, y: 2 }, b: 1, c: [1] }],
  ['json-object', '{}', '{"__proto__":{"x":1}}', JSON.parse('{"__proto__":{"x":1}}') as object],
  ['json-union', '[1,{"a":1}]', '[{"a":1},2]', [1, 2, { a: 1 }]],
  ['max', '3', '7', 7],
  ['min', '3', '7', 3],
])('merges by %s', (name, before, written, merged) => {
  const decision = decideKeyWrite(stored(`merge:${name}`, before), put(written), context);
  const record = decision.do === 'write' ? decision.record : undefined;
  const text = record?.kind === 'put' ? new TextDecoder().decode(record.value) : '';
  expect(JSON.parse(text)).toEqual(merged);
});

it('reports a conflict only where the writer had not seen the stored value', () => {
  const seen = decideKeyWrite(stored('last-writer', '0', 1), put('1'), context);
  expect(seen).not.toHaveProperty('conflict');
  const unseen = decideKeyWrite(stored('last-writer', '0', 1), put('1'), { ...context, basis: 3 });
  expect(unseen).toMatchObject({ conflict: { resolution: 'overwrote', other: 5 } });
});
