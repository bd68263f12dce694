import { silentLogger } from '@drover/actor-core';
import { createTestHub, createTestNode, ManualClock } from '@drover/actor-core/testing';
import { expect, it } from 'vitest';
import { createKey, revokeKey } from './change-key.ts';
import { followKeys } from './follow-keys.ts';
import { keepKeysBucket } from './keep-keys-bucket.ts';
import type { KeyRecord } from './key-record.ts';
import { keyStoreOf } from './key-store.ts';

function setup() {
  const clock = new ManualClock();
  const hub = createTestHub({ clock });
  const host = createTestNode(hub, { nodeId: 'host', roles: ['host'] });
  const gate = (nodeId: string) => createTestNode(hub, { nodeId, roles: ['gateway'] });
  const follow = (node: ReturnType<typeof gate>, known: readonly KeyRecord[] = []) =>
    followKeys({ store: keyStoreOf(node), clock, log: silentLogger, known });
  /** Lets what is ready happen, and time pass. */
  const pass = async (ms: number) => {
    for (let left = ms; left >= 0; left -= 100) {
      for (let turns = 0; turns < 20; turns++) await new Promise((resolve) => setImmediate(resolve));
      clock.advance(Math.min(100, left));
    }
  };
  return { clock, hub, host, gate, follow, pass };
}

const record = (name: string) => createKey({ name, roles: ['admin'] }, 0).record;

it('knows that there are no keys where a host has made an empty bucket, and where none has', async () => {
  const { host, gate, follow, pass } = setup();
  const early = follow(gate('g1'));
  expect(early.isKnown).toBe(false);
  await pass(200);
  expect(early.isKnown).toBe(true);
  keepKeysBucket(host);
  const late = follow(gate('g2'));
  await pass(3_000);
  expect([early, late].map(({ isKnown, ring }) => [isKnown, ring.isEmpty])).toEqual([
    [true, true],
    [true, true],
  ]);
});

it('hears of a new and of a revoked key on every gateway within 100 ms', async () => {
  const { host, gate, follow, pass } = setup();
  keepKeysBucket(host);
  const [one, two] = [gate('g1'), gate('g2')].map((node) => follow(node)) as [
    ReturnType<typeof follow>,
    ReturnType<typeof follow>,
  ];
  await pass(3_000);
  const made = record('a');
  await one.store.put(made);
  await pass(100);
  expect([one, two].map(({ ring }) => ring.get(made.id)?.edition)).toEqual([1, 1]);
  await two.store.put(revokeKey(made, 5));
  await pass(100);
  expect([one, two].map(({ ring }) => ring.get(made.id)?.revokedAtMs)).toEqual([5, 5]);
});

it('puts the keys of the data folder into a store that has none', async () => {
  const { host, gate, follow, pass } = setup();
  const known = record('offline');
  const first = follow(gate('g1'), [known]);
  const second = follow(gate('g2'));
  expect(first.isKnown).toBe(true);
  keepKeysBucket(host);
  await pass(3_000);
  expect(second.ring.get(known.id)).toEqual(known);
});

it('does not put an old copy of the data folder over what the store has', async () => {
  const { host, gate, follow, pass } = setup();
  keepKeysBucket(host);
  await pass(600);
  const old = record('a');
  const node = gate('g1');
  await keyStoreOf(node).put(revokeKey(old, 5));
  const followed = follow(node, [old]);
  await pass(3_000);
  expect(followed.ring.get(old.id)?.revokedAtMs).toBe(5);
  expect((await followed.store.put(old)).revokedAtMs).toBe(5);
});

it('keeps the keys and puts them back when the store is lost and made anew', async () => {
  const { hub, host, gate, follow, pass } = setup();
  keepKeysBucket(host);
  const one = follow(gate('g1'));
  await pass(3_000);
  const made = record('a');
  await one.store.put(made);
  await pass(100);
  hub.logs.wipe();
  await pass(12_000);
  expect(one.ring.get(made.id)).toEqual(made);
  const late = follow(gate('g2'));
  await pass(3_000);
  expect(late.ring.get(made.id)).toEqual(made);
});

it('states how long the store has not confirmed the keys', async () => {
  const { hub, host, gate, follow, pass } = setup();
  keepKeysBucket(host);
  const one = follow(gate('g1'));
  expect(one.ageMs()).toBe(Number.POSITIVE_INFINITY);
  await pass(5_000);
  expect(one.ageMs()).toBeLessThan(3_000);
  hub.logs.faults = () => 'away';
  await pass(20_000);
  expect(one.ageMs()).toBeGreaterThan(15_000);
  hub.logs.faults = undefined;
  await pass(5_000);
  expect(one.ageMs()).toBeLessThan(3_000);
});

it('resolves a conflict of two changes: the first one counts, and a revocation always does', async () => {
  const { host, gate, pass } = setup();
  keepKeysBucket(host);
  await pass(600);
  const store = keyStoreOf(gate('g1'));
  const made = record('a');
  await store.put(made);
  const [first, second] = ['x', 'y'].map((name) => ({ ...made, name, edition: 2 })) as [KeyRecord, KeyRecord];
  expect(await store.put(first)).toEqual(first);
  expect(await store.put(second)).toEqual(first);
  expect((await store.put(revokeKey(made, 5))).revokedAtMs).toBe(5);
});
