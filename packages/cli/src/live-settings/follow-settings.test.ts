import { InvalidArgumentError, silentLogger } from '@drover/actor-core';
import { createTestHub, createTestNode, ManualClock } from '@drover/actor-core/testing';
import { expect, it } from 'vitest';
import { clusterSettings } from './cluster-settings.ts';
import { followSettings } from './follow-settings.ts';
import type { LiveValues } from './live-values.ts';
import { settingsStoreOf } from './settings-store.ts';

function setup() {
  const clock = new ManualClock();
  const hub = createTestHub({ clock });
  const host = createTestNode(hub, { nodeId: 'host' });
  const gateway = createTestNode(hub, { nodeId: 'gate', roles: ['gateway'] });
  const applied: LiveValues[] = [];
  const refused = { next: false };
  const follow = (node: typeof host) =>
    followSettings({
      store: settingsStoreOf(node),
      clock,
      log: silentLogger,
      apply: (values) => {
        if (refused.next) throw new InvalidArgumentError('maxQueue', 'does not fit here');
        applied.push(values);
      },
    });
  /** Lets what is ready happen, and time pass. */
  const pass = async (ms: number) => {
    for (let left = ms; left >= 0; left -= 100) {
      for (let turns = 0; turns < 20; turns++) await new Promise((resolve) => setImmediate(resolve));
      clock.advance(Math.min(100, left));
    }
  };
  return { hub, host, gateway, follow, applied, refused, pass };
}

it('applies what is set, in all processes, and what is set later', async () => {
  const { host, gateway, follow, applied, pass } = setup();
  await settingsStoreOf(host).bucket();
  const settings = clusterSettings(settingsStoreOf(gateway));
  await settings.set('max-queue', '5');
  const end = follow(gateway);
  await pass(200);
  expect(applied.at(-1)?.packages).toEqual({ 'node-agent': { maxQueue: 5 } });
  await settings.set('max-queue', '6');
  await pass(200);
  expect(applied.at(-1)?.packages).toEqual({ 'node-agent': { maxQueue: 6 } });
  await settings.unset('max-queue');
  await pass(200);
  expect(applied.at(-1)?.packages).toEqual({});
  end();
});

it('waits for the host that creates the bucket', async () => {
  const { host, gateway, follow, applied, pass } = setup();
  const end = follow(gateway);
  await pass(3_000);
  expect(applied).toEqual([]);
  await settingsStoreOf(host).set('log-level', 'debug');
  await pass(3_000);
  expect(applied.at(-1)?.logLevel).toBe('debug');
  end();
});

it('keeps following when a value does not fit the process', async () => {
  const { host, follow, applied, refused, pass } = setup();
  const store = settingsStoreOf(host);
  const end = follow(host);
  await pass(200);
  refused.next = true;
  await store.set('max-queue', '1');
  await pass(200);
  refused.next = false;
  await store.set('max-queue', '2');
  await pass(200);
  expect(applied.at(-1)?.packages).toEqual({ 'node-agent': { maxQueue: 2 } });
  end();
});

it('returns to the values at the start when the store is lost, and takes new ones', async () => {
  const { hub, host, follow, applied, pass } = setup();
  const store = settingsStoreOf(host);
  await store.set('max-queue', '1');
  const end = follow(host);
  await pass(200);
  hub.logs.wipe();
  await pass(10_000);
  expect(applied.at(-1)?.packages).toEqual({});
  await settingsStoreOf(host).set('max-queue', '3');
  await pass(10_000);
  expect(applied.at(-1)?.packages).toEqual({ 'node-agent': { maxQueue: 3 } });
  end();
});

it('refuses a value that cannot be read, one that contradicts, and a key that is not live', async () => {
  const { host } = setup();
  const settings = clusterSettings(settingsStoreOf(host));
  await expect(settings.set('max-queue', 'many')).rejects.toMatchObject({ argument: 'max-queue' });
  await expect(settings.set('port', '80')).rejects.toMatchObject({ argument: 'port' });
  await settings.set('max-task-timeout', '5m');
  await expect(settings.set('task-timeout', '10m')).rejects.toMatchObject({
    argument: 'task-timeout',
    message: expect.stringContaining('must not be above max-task-timeout') as string,
  });
  expect(await settings.list()).toMatchObject([{ key: 'max-task-timeout', value: '5m' }]);
});
