import { expect, it } from 'vitest';
import { systemClock } from '../clock/system-clock.ts';
import { eventually } from '../testing/jetstream.ts';
import { memoryContract } from '../testing/memory-contract.ts';
import { createTestHub, createTestNode } from '../testing/test-node.ts';
import { MemoryLimitError } from '../errors.ts';
import { startMemory } from './start-memory.ts';

memoryContract('logs in memory', async () => {
  const hub = createTestHub({ clock: systemClock });
  const one = createTestNode(hub, { nodeId: 'one' });
  const two = createTestNode(hub, { nodeId: 'two', roles: ['gateway'] });
  return {
    nodes: [one, two],
    eventually: (condition) => eventually(condition, 15_000),
    dispose: async () => {
      await one.leave();
      await two.leave();
    },
  };
});

const value = (bytes: number) => new Uint8Array(bytes);

it('refuses values when its bucket is full, and takes them again after others were removed', async () => {
  const hub = createTestHub({ clock: systemClock });
  const node = createTestNode(hub, { nodeId: 'one' });
  const memory = startMemory(node, { maxBucketBytes: 10_000, maxValueBytes: 4_000 });
  const scope = memory.scope('default', { kind: 'global', id: '' });
  await scope.put('a', value(4_000));
  await scope.put('b', value(4_000));
  await eventually(() => memory.stats.storedBytes > 8_000);
  const full = scope.put('c', value(4_000));
  await expect(full).rejects.toBeInstanceOf(MemoryLimitError);
  await expect(full).rejects.toMatchObject({ code: 'memory-full', limitBytes: 10_000 });
  expect(await scope.remove('a')).toEqual({ kind: 'removed' });
  await eventually(() => memory.stats.storedBytes < 5_000);
  expect(await scope.put('c', value(4_000))).toMatchObject({ kind: 'written' });
  memory.close();
  await node.leave();
});

it('opens a bucket whose limits an operator has changed', async () => {
  const hub = createTestHub({ clock: systemClock });
  const node = createTestNode(hub, { nodeId: 'one' });
  const first = startMemory(node, { maxBucketBytes: 50_000 });
  await first.scope('default', { kind: 'global', id: '' }).put('a', value(1));
  first.close();
  const second = startMemory(node, { maxBucketBytes: 60_000 });
  expect(await second.scope('default', { kind: 'global', id: '' }).get('a')).toMatchObject({ key: 'a' });
  second.close();
  await node.leave();
});

it('makes its bucket again after the store was lost, and tells its watchers', async () => {
  const hub = createTestHub({ clock: systemClock });
  const node = createTestNode(hub, { nodeId: 'one' });
  const memory = startMemory(node);
  const scope = memory.scope('default', { kind: 'global', id: '' });
  const before = await scope.put('a', value(1));
  const heard: string[] = [];
  scope.watch((event) => heard.push(event.type));
  hub.logs.wipe();
  await eventually(() => heard.includes('reset'));
  await eventually(() => memory.stats.openBuckets === 2);
  expect(await scope.get('a', { level: 'cached' })).toBeUndefined();
  const after = await scope.put('a', value(2));
  expect(after).toMatchObject({ kind: 'written', isCreated: true });
  if (before.kind === 'written' && after.kind === 'written')
    expect(after.revision).toBeGreaterThan(before.revision);
  memory.close();
  await node.leave();
});

it('waits for a bucket that another node has to create', async () => {
  const hub = createTestHub({ clock: systemClock });
  const gateway = createTestNode(hub, { nodeId: 'gateway', roles: ['gateway'] });
  const waiting = startMemory(gateway);
  const put = waiting.scope('default', { kind: 'global', id: '' }).put('a', value(1));
  const host = createTestNode(hub, { nodeId: 'host' });
  const creating = startMemory(host);
  expect(await put).toMatchObject({ kind: 'written' });
  for (const memory of [waiting, creating]) memory.close();
  await gateway.leave();
  await host.leave();
});
