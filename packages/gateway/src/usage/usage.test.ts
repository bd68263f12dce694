import { silentLogger } from '@drover/actor-core';
import { createTestHub, createTestNode, ManualClock, settle } from '@drover/actor-core/testing';
import { expect, it } from 'vitest';
import { Budgets } from './budgets.ts';
import { UsageSums } from './sum-usage.ts';
import { UsageLedger } from './usage-ledger.ts';
import type { UsageCounts } from './usage-row.ts';
import { dayOf, hourMs, keepUsageBucket, UsageStore } from './usage-store.ts';

const used: UsageCounts = { requests: 1, promptTokens: 10, outputTokens: 20, workMs: 5, queuedMs: 7 };
const ofKey = { keyId: 'a', tenant: 'acme', model: 'm:latest', agent: '' };
const night = Date.UTC(2026, 10, 30, 22, 59, 0);

/** Gateways that share a store, at an hour before midnight of the last day of a month. */
async function setup(gateways = 1) {
  const clock = new ManualClock();
  clock.advance(night - clock.wallNow());
  const hub = createTestHub({ clock });
  const end = keepUsageBucket(createTestNode(hub, { nodeId: 'host', roles: ['host'] }));
  await settle();
  const all = Array.from({ length: gateways }, (_, index) => {
    const node = createTestNode(hub, { nodeId: `gw-${index}`, roles: ['gateway'] });
    const store = new UsageStore(node.storage, node.subjects);
    const ledger = new UsageLedger({
      store,
      nodeId: node.nodeId,
      run: `run-${index}`,
      clock,
      log: silentLogger,
    });
    return { store, ledger, budgets: new Budgets({ store, ledger, clock, log: silentLogger }) };
  });
  const read = async (by: ('hour' | 'key' | 'tenant' | 'model')[] = ['key']) => {
    const fromHour = Math.floor(night / hourMs);
    const sums = new UsageSums({ fromHour, toHour: fromHour + 48, only: {}, by });
    for (let day = dayOf(fromHour); day <= dayOf(fromHour + 48); day++)
      for await (const part of all[0]?.store.day(day) ?? []) sums.add(part);
    return sums;
  };
  const pass = async (ms: number): Promise<void> => {
    clock.advance(ms);
    await settle();
  };
  return { clock, hub, all, read, pass, end };
}

it('writes what requests used within 5 s, summed up by hour, key, tenant and model', async () => {
  const { all, read, pass, end } = await setup();
  const ledger = all[0]?.ledger;
  ledger?.add(ofKey, used);
  ledger?.add(ofKey, used);
  ledger?.add({ ...ofKey, keyId: 'b' }, used);
  await pass(5_000);
  const { sums, total } = await read(['hour', 'key', 'model']);
  expect(sums).toEqual([
    {
      fields: { hour: Math.floor(night / hourMs), key: 'a', model: 'm:latest' },
      counts: { requests: 2, promptTokens: 20, outputTokens: 40, workMs: 10, queuedMs: 14 },
    },
    { fields: { hour: Math.floor(night / hourMs), key: 'b', model: 'm:latest' }, counts: used },
  ]);
  expect(total.requests).toBe(3);
  end();
});

it('counts a write that is repeated or whose answer is lost once', async () => {
  const { hub, all, read, pass, end } = await setup();
  const ledger = all[0]?.ledger;
  ledger?.add(ofKey, used);
  let isFirst = true;
  hub.logs.faults = ({ kind }) => {
    if (kind !== 'append' || !isFirst) return undefined;
    isFirst = false;
    return 'reply-lost';
  };
  await pass(5_000);
  await pass(5_000);
  ledger?.add(ofKey, used);
  await pass(5_000);
  expect((await read()).total.requests).toBe(2);
  end();
});

it('makes good what could not be written while the store was away', async () => {
  const { hub, all, read, pass, end } = await setup();
  const ledger = all[0]?.ledger;
  hub.logs.faults = () => 'away';
  ledger?.add(ofKey, used);
  for (let index = 0; index < 6; index++) await pass(5_000);
  hub.logs.faults = undefined;
  for (let index = 0; index < 6; index++) await pass(5_000);
  expect((await read()).total.requests).toBe(1);
  end();
});

it('writes the rest when the gateway stops', async () => {
  const { all, read, end } = await setup();
  all[0]?.ledger.add(ofKey, used);
  await all[0]?.ledger.close();
  expect((await read()).total.requests).toBe(1);
  end();
});

it('adds up what several gateways counted', async () => {
  const { all, read, pass, end } = await setup(3);
  for (const { ledger } of all) ledger.add(ofKey, used);
  await pass(5_000);
  expect((await read()).sums).toEqual([
    { fields: { key: 'a' }, counts: expect.objectContaining({ requests: 3 }) as object },
  ]);
  end();
});

it('keeps the hours apart', async () => {
  const { all, read, pass, end } = await setup();
  all[0]?.ledger.add(ofKey, used);
  await pass(5_000);
  await pass(hourMs);
  all[0]?.ledger.add(ofKey, used);
  await pass(5_000);
  expect((await read(['hour'])).sums.map(({ counts }) => counts.requests)).toEqual([1, 1]);
  end();
});

it('finds the budget of a day spent by what all gateways counted, until the next day of UTC begins', async () => {
  const { all, pass, end } = await setup(2);
  const [first, second] = all;
  const budget = { tokensPerDay: 60 };
  first?.ledger.add(ofKey, used);
  expect(await first?.budgets.spent('a', budget)).toBeUndefined();
  second?.ledger.add(ofKey, used);
  await pass(5_000);
  await pass(5_000);
  await first?.budgets.spent('a', budget);
  await settle();
  expect(await first?.budgets.spent('a', budget)).toMatchObject({ period: 'day', limit: 60 });
  expect(await first?.budgets.spent('b', budget)).toBeUndefined();
  await pass(61 * 60_000 + hourMs);
  expect(await first?.budgets.spent('a', budget)).toBeUndefined();
  end();
});

it('begins the budget of a month anew with the month, and goes on with what it knows without the store', async () => {
  const { hub, all, pass, end } = await setup(1);
  const [one] = all;
  one?.ledger.add(ofKey, used);
  hub.logs.faults = () => 'away';
  const spent = one?.budgets.spent('a', { tokensPerMonth: 30 });
  await pass(5_000);
  expect(await spent).toMatchObject({ period: 'month' });
  hub.logs.faults = undefined;
  await pass(2 * hourMs);
  expect(await one?.budgets.spent('a', { tokensPerMonth: 30 })).toBeUndefined();
  end();
});
