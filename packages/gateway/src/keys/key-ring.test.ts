import { expect, it } from 'vitest';
import { accessKeyText, newAccessKey } from './access-key.ts';
import { createKey, type KeySpec, revokeKey, rotateKey } from './change-key.ts';
import { KeyRing } from './key-ring.ts';

function setup(spec: KeySpec = {}) {
  const { record, key } = createKey(spec, 0);
  return { record, key, text: accessKeyText(key), ring: new KeyRing([record]) };
}

it('knows the owner of a key', () => {
  const { ring, text, record } = setup({ tenant: 'acme', roles: ['user'], models: ['m'] });
  expect(ring.identify(text, 0)).toEqual({
    kind: 'known',
    principal: { keyId: record.id, tenant: 'acme', roles: ['user'], models: ['m'], routes: [] },
  });
});

it('knows no key with another id, another secret or another form', () => {
  const { ring, record } = setup();
  for (const text of [
    accessKeyText(newAccessKey()),
    accessKeyText(newAccessKey(record.id)),
    '',
    'sk-1',
    record.id,
  ])
    expect(ring.identify(text, 0)).toEqual({ kind: 'unknown' });
});

it('never knows a key by the digest that is stored', () => {
  const { ring, record } = setup();
  expect(ring.identify(`drover_${record.id}_${record.secrets[0]?.digest ?? ''}`, 0)).toEqual({
    kind: 'unknown',
  });
});

it('refuses an expired key, and tells so only to who has its secret', () => {
  const { ring, text, record } = setup({ expiresInMs: 1_000 });
  expect(ring.identify(text, 999).kind).toBe('known');
  expect(ring.identify(text, 1_000)).toEqual({ kind: 'expired' });
  expect(ring.identify(accessKeyText(newAccessKey(record.id)), 1_000)).toEqual({ kind: 'unknown' });
});

it('takes both secrets during the grace of a rotation, then the new one', () => {
  const { ring, text, record } = setup();
  const { record: rotated, key } = rotateKey(record, 60_000, 1_000);
  ring.take(rotated);
  expect(ring.identify(text, 60_999).kind).toBe('known');
  expect(ring.identify(accessKeyText(key), 60_999).kind).toBe('known');
  expect(ring.identify(text, 61_000).kind).toBe('unknown');
  expect(ring.identify(accessKeyText(key), 61_000).kind).toBe('known');
});

it('refuses the old secret at once after a rotation without grace', () => {
  const { ring, text, record } = setup();
  ring.take(rotateKey(record, 0, 1_000).record);
  expect(ring.identify(text, 1_000).kind).toBe('unknown');
});

it('keeps a key revoked, whatever older copy arrives later', () => {
  const { ring, text, record } = setup();
  expect(ring.take(revokeKey(record, 1))).toBe(true);
  expect(ring.take(record)).toBe(false);
  expect(ring.take(rotateKey(record, 0, 2).record)).toBe(false);
  expect(ring.identify(text, 2)).toEqual({ kind: 'unknown' });
  expect(ring.isEmpty).toBe(false);
});

it('tells of each record that it takes over', () => {
  const ring = new KeyRing();
  const seen: number[] = [];
  const end = ring.onChange(({ edition }) => seen.push(edition));
  const { record } = createKey({}, 0);
  ring.take(record);
  ring.take(record);
  ring.take(rotateKey(record, 0, 1).record);
  end();
  ring.take(revokeKey(record, 2));
  expect(seen).toEqual([1, 2]);
});
