import { expect, it } from 'vitest';
import { accessKeyText } from './access-key.ts';
import { createKey, revokeKey, rotateKey } from './change-key.ts';
import { decodeKeyRecord, encodeKeyRecord, isNewer, keyStateOf } from './key-record.ts';

it('stores digests and never a secret', () => {
  const { record, key } = createKey({ name: 'ci', roles: ['user'] }, 1_000);
  const rotated = rotateKey(record, 60_000, 2_000);
  const stored = `${JSON.stringify(record)}${JSON.stringify(rotated.record)}`;
  for (const { secret } of [key, rotated.key]) expect(stored).not.toContain(secret);
  expect(accessKeyText(key)).toContain(record.id);
});

it('gives a new key what is usual: a user of the tenant default, for every model and route, without an end', () => {
  const { record } = createKey({}, 1_000);
  expect(record).toMatchObject({
    roles: ['user'],
    tenant: 'default',
    models: [],
    routes: [],
    createdAtMs: 1_000,
  });
  expect(keyStateOf(record, Number.MAX_SAFE_INTEGER)).toBe('active');
});

it('ends a key at its instant', () => {
  const { record } = createKey({ expiresInMs: 60_000 }, 1_000);
  expect(keyStateOf(record, 60_999)).toBe('active');
  expect(keyStateOf(record, 61_000)).toBe('expired');
});

it('keeps two secrets at most after several rotations', () => {
  const first = createKey({}, 0).record;
  const third = rotateKey(rotateKey(first, 60_000, 1).record, 60_000, 2).record;
  expect(third.secrets).toHaveLength(2);
  expect(third.edition).toBe(3);
  expect(rotateKey(third, 0, 3).record.secrets).toHaveLength(1);
});

it('survives its encoding, and refuses what is no record', () => {
  const { record } = createKey({ models: ['llama3*'], routes: ['GET /api/tags'] }, 1);
  expect(decodeKeyRecord(encodeKeyRecord(record))).toEqual(record);
  expect(decodeKeyRecord(new TextEncoder().encode('{"v":2}'))).toBeUndefined();
  expect(decodeKeyRecord(new TextEncoder().encode('no JSON'))).toBeUndefined();
});

it('takes the copy of the higher edition, and a revocation before any other', () => {
  const first = createKey({}, 0).record;
  const second = rotateKey(first, 0, 1).record;
  const fifth = { ...first, edition: 5 };
  const revoked = revokeKey(first, 1);
  expect(isNewer(first, undefined)).toBe(true);
  expect(isNewer(second, first)).toBe(true);
  expect(isNewer(first, second)).toBe(false);
  expect(isNewer(first, first)).toBe(false);
  expect(isNewer(revoked, fifth)).toBe(true);
  expect(isNewer(fifth, revoked)).toBe(false);
});

it.each([
  ['name', { name: 'two\nlines' }],
  ['tenant', { tenant: 'Acme' }],
  ['tenant', { tenant: 'a.b' }],
  ['model', { models: ['two words'] }],
  ['route', { routes: ['api/chat'] }],
  ['route', { routes: ['get /api/chat'] }],
  ['expires', { expiresInMs: 10 }],
  ['models', { models: Array.from({ length: 64 }, (_, index) => `${index}${'m'.repeat(190)}`) }],
])('refuses a wrong %s', (argument, spec) => {
  expect(() => createKey(spec, 0)).toThrow(expect.objectContaining({ argument }));
});
