import { expect, it } from 'vitest';
import type { KeyOperation } from './decide-key-write.ts';
import {
  decodeOwnerOutcomes,
  decodeOwnerRequest,
  encodeOwnerOutcomes,
  encodeOwnerRequest,
  type OwnerOutcome,
  type OwnerRequest,
} from './owner-messages.ts';

const stamp = { wallMs: 7, counter: 1, node: 'a' };
const life = { ttlMs: undefined, expiresAtMs: undefined };
const operations: readonly KeyOperation[] = [
  {
    kind: 'put',
    value: Uint8Array.of(1, 2),
    contentType: 'text/plain',
    policy: 'last-writer',
    condition: { revision: 4 },
    stamp,
    ttlMs: 2_000,
    expiresAtMs: 9_000,
  },
  { kind: 'remove', condition: 'present' },
  { kind: 'operate', operations: [{ add: 3 }], stamps: [stamp], policy: undefined, ...life },
];
const request: OwnerRequest = { id: 'a.1.1', bucket: 'MEM_x', key: 't.global._.k', basis: 4, operations };

it('reads a request as it was written', () => {
  expect(decodeOwnerRequest(encodeOwnerRequest(request))).toEqual(request);
  const unknown = { ...request, basis: undefined };
  expect(decodeOwnerRequest(encodeOwnerRequest(unknown))?.basis).toBeUndefined();
});

it('reads outcomes as they were written', () => {
  const outcomes: readonly OwnerOutcome[] = [
    {
      kind: 'done',
      outcome: {
        kind: 'written',
        isCreated: true,
        stored: {
          key: 'k',
          kind: 'value',
          sequence: 9,
          value: Uint8Array.of(5),
          meta: { policy: 'last-writer', contentType: 'text/plain', stamp },
          changedAtMs: 3,
        },
      },
    },
    { kind: 'done', outcome: { kind: 'revision-mismatch', revision: 9 } },
    { kind: 'done', outcome: { kind: 'merge-failed', policy: 'merge:max', reason: 'no number' } },
    { kind: 'done', outcome: { kind: 'removed' } },
    { kind: 'not-done' },
    { kind: 'unknown' },
  ];
  expect(decodeOwnerOutcomes(encodeOwnerOutcomes(outcomes), outcomes.length)).toEqual(outcomes);
});

it('refuses what is no request, and outcomes that are too few', () => {
  expect(decodeOwnerRequest(Uint8Array.of(1))).toBeUndefined();
  expect(decodeOwnerRequest(encodeOwnerRequest({ ...request, operations: [] }))).toBeUndefined();
  expect(decodeOwnerOutcomes(encodeOwnerOutcomes([{ kind: 'unknown' }]), 2)).toBeUndefined();
});
