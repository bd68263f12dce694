import { expect, it } from 'vitest';
import { accessKeyText } from './access-key.ts';
import { createKey } from './change-key.ts';
import { type Caller, Door, type DoorRules } from './door.ts';
import { KeyRing } from './key-ring.ts';
import { anyone } from './principal.ts';

const rules: DoorRules = { servesAnyone: true, maxKeyAgeMs: 60_000 };
const { record, key } = createKey({ roles: ['user'], tenant: 'acme' }, 0);
const text = accessKeyText(key);

function setup(
  facts: Partial<DoorRules & { keys: boolean; isKnown: boolean; ageMs: number; nowMs: number }> = {},
) {
  const { keys = true, isKnown = true, ageMs = 0, nowMs = 0, ...others } = facts;
  const followed = { ring: new KeyRing(keys ? [record] : []), isKnown, ageMs: () => ageMs };
  return new Door(followed, { ...rules, ...others }, { wallNow: () => nowMs });
}

const caller = (facts: Partial<Caller> = {}): Caller => ({
  method: 'POST',
  path: '/api/chat',
  right: 'infer',
  authorization: undefined,
  apiKey: undefined,
  ...facts,
});

const failure = (status: number, code: string) => expect.objectContaining({ status, code }) as Error;

it('lets everyone in while there is no key', () => {
  expect(setup({ keys: false }).admit(caller())).toBe(anyone);
  expect(setup({ keys: false }).admit(caller({ authorization: 'Bearer ollama' }))).toBe(anyone);
});

it('lets nobody in without a key on an address that other machines can reach', () => {
  const door = setup({ keys: false, servesAnyone: false });
  expect(() => door.admit(caller())).toThrow(failure(401, 'key-required'));
  expect(() => door.admit(caller({ authorization: `Bearer ${text}` }))).toThrow(failure(401, 'key-required'));
  expect(door.admit(caller({ right: 'open' }))).toBe(anyone);
});

it('lets nobody in before it knows which keys there are', () => {
  expect(() => setup({ keys: false, isKnown: false }).admit(caller())).toThrow(failure(503, 'keys-unknown'));
});

it('asks for a key as soon as one exists, whatever the address', () => {
  expect(() => setup().admit(caller())).toThrow(failure(401, 'key-required'));
  expect(() => setup().admit(caller({ authorization: 'Bearer ollama' }))).toThrow(
    failure(401, 'key-invalid'),
  );
});

it.each<Partial<Caller>>([
  { authorization: `Bearer ${text}` },
  { authorization: `bearer  ${text} ` },
  { authorization: text },
  { apiKey: text },
  { authorization: 'Bearer unused', apiKey: text },
  { authorization: `Bearer ${text}`, apiKey: 'unused' },
])('finds the key in %j', (headers) => {
  expect(setup().admit(caller(headers))).toMatchObject({ keyId: record.id, tenant: 'acme' });
});

it('answers 403 to a right key that may not use the route', () => {
  const door = setup();
  const right = 'administer';
  const path = '/api/v1/keys';
  expect(() => door.admit(caller({ apiKey: text, right, path }))).toThrow(failure(403, 'not-allowed'));
});

it('asks for a key on unknown routes too, and needs no role there', () => {
  const door = setup();
  expect(() => door.admit(caller({ right: undefined }))).toThrow(failure(401, 'key-required'));
  expect(door.admit(caller({ right: undefined, apiKey: text }))).toMatchObject({ keyId: record.id });
});

it('refuses keys when the store has been silent for too long, unless that is allowed', () => {
  const stale = { ageMs: 60_001 };
  expect(() => setup(stale).admit(caller({ apiKey: text }))).toThrow(failure(503, 'keys-stale'));
  expect(setup({ ...stale, maxKeyAgeMs: 0 }).admit(caller({ apiKey: text }))).toMatchObject({
    keyId: record.id,
  });
  expect(setup({ ageMs: 60_000 }).admit(caller({ apiKey: text }))).toMatchObject({ keyId: record.id });
  expect(setup(stale).admit(caller({ right: 'open' }))).toBe(anyone);
});
