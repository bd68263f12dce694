import { InvalidArgumentError, silentLogger } from '@drover/actor-core';
import { createTestHub, createTestNode, ManualClock } from '@drover/actor-core/testing';
import { expect, it } from 'vitest';
import { askForSettings } from './ask-for-settings.ts';
import type { LiveValues } from './live-values.ts';
import { serveSettings } from './serve-settings.ts';
import { settingsStoreOf } from './settings-store.ts';

function setup() {
  const clock = new ManualClock();
  const hub = createTestHub({ clock });
  const host = createTestNode(hub, { nodeId: 'host' });
  const node = createTestNode(hub, { nodeId: 'agent', roles: ['node-agent'] });
  const store = settingsStoreOf(host);
  const nats = hub.bus.connect('nats');
  /** Changes a setting. NATS announces the record; the logs in memory do not use the bus. */
  const set = async (value: string | undefined) => {
    if (value === undefined) await store.unset('max-queue');
    else await store.set('max-queue', value);
    nats.publish(`${host.subjects.feed('settings')}.max-queue`, new Uint8Array(0));
  };
  const applied: LiveValues[] = [];
  const ask = (apply: (values: LiveValues) => void = (values) => void applied.push(values)) =>
    askForSettings({ node, clock, log: silentLogger, apply });
  /** Lets what is ready happen, and time pass. */
  const pass = async (ms: number) => {
    for (let left = ms; left >= 0; left -= 100) {
      for (let turns = 0; turns < 20; turns++) await new Promise((resolve) => setImmediate(resolve));
      clock.advance(Math.min(100, left));
    }
  };
  return { host, node, nats, set, applied, ask, pass, serve: () => serveSettings(host, store, silentLogger) };
}

it('applies what is set, and what is set later, without the store', async () => {
  const { set, applied, ask, pass, serve } = setup();
  serve();
  await set('5');
  const end = ask();
  await pass(200);
  expect(applied).toMatchObject([{ packages: { 'node-agent': { maxQueue: 5 } } }]);
  await set('6');
  await pass(200);
  expect(applied.at(-1)?.packages).toEqual({ 'node-agent': { maxQueue: 6 } });
  await set(undefined);
  await pass(200);
  expect(applied.at(-1)?.packages).toEqual({});
  end();
  await set('7');
  await pass(200);
  expect(applied).toHaveLength(3);
});

it('asks until a host answers, and keeps the last values while none does', async () => {
  const { set, applied, ask, pass, serve } = setup();
  const end = ask();
  await pass(5_000);
  expect(applied).toEqual([]);
  await set('5');
  const unserve = serve();
  await pass(3_000);
  expect(applied.at(-1)?.packages).toEqual({ 'node-agent': { maxQueue: 5 } });
  unserve();
  await set('6');
  await pass(5_000);
  expect(applied).toHaveLength(1);
  serve();
  await pass(3_000);
  expect(applied.at(-1)?.packages).toEqual({ 'node-agent': { maxQueue: 6 } });
  end();
});

it('notices a change whose announcement was lost, and a reconnect', async () => {
  const { set, node, applied, ask, pass, serve } = setup();
  serve();
  await set('5');
  const end = ask();
  await pass(200);
  node.transport.disconnect();
  await set('6');
  await pass(200);
  node.transport.reconnect();
  await pass(3_000);
  expect(applied.at(-1)?.packages).toEqual({ 'node-agent': { maxQueue: 6 } });
  end();
});

it('applies the same settings once, and goes on after settings that do not fit', async () => {
  const { set, applied, ask, pass, serve } = setup();
  serve();
  await set('1');
  const end = ask((values) => {
    applied.push(values);
    if (applied.length === 1) throw new InvalidArgumentError('maxQueue', 'does not fit here');
  });
  await pass(61_000);
  expect(applied).toHaveLength(1);
  await set('2');
  await pass(200);
  expect(applied.at(-1)?.packages).toEqual({ 'node-agent': { maxQueue: 2 } });
  end();
});

it('keeps its values when the store of the host is away, and ignores an answer that cannot be read', async () => {
  const { host, nats, set, applied, ask, pass, serve } = setup();
  await set('5');
  const unserve = serve();
  const end = ask();
  await pass(200);
  unserve();
  for (const answer of [
    'no json',
    '{"v":1}',
    '{"v":2,"settings":[]}',
    '{"v":1,"settings":[["max-queue"]]}',
  ]) {
    const subscription = host.transport.subscribe(host.subjects.settingsQuestion('*'), ({ respond }) =>
      respond?.(new TextEncoder().encode(answer)),
    );
    nats.publish(`${host.subjects.feed('settings')}.x`, new Uint8Array(0));
    await pass(200);
    subscription.unsubscribe();
  }
  expect(applied).toHaveLength(1);
  end();
});
