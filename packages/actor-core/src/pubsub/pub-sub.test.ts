import { getEventListeners } from 'node:events';
import { expect, it } from 'vitest';
import { z } from 'zod';
import { MessageTooLargeError } from '../errors.ts';
import { type Logger, silentLogger } from '../logger.ts';
import { settle } from '../testing/settle.ts';
import { createTestHub, createTestNode, type TestHub, type TestNode } from '../testing/test-node.ts';
import { subjectMatches } from '../transport/subject-match.ts';
import { permissionsOf } from '../transport/permissions.ts';
import type { Role } from '../transport/roles.ts';
import { createSubjects } from '../transport/subjects.ts';
import { createEventStream } from './event-stream.ts';
import { createPubSub, type PubSub, topic } from './pub-sub.ts';

const order = topic('shop.orders', z.object({ id: z.number() }));
const anyInShop = topic('shop.*', z.object({ id: z.number() }));

const may = (patterns: readonly string[], subject: string): boolean =>
  patterns.some((pattern) => subjectMatches(pattern, subject));

interface Setup {
  readonly hub: TestHub;
  readonly near: TestNode;
  readonly on: { readonly near: PubSub; readonly far: PubSub };
  readonly warnings: string[];
}

async function setup(): Promise<Setup> {
  const hub = createTestHub();
  const warnings: string[] = [];
  const log: Logger = { ...silentLogger, warn: (_fields, message) => void warnings.push(message) };
  const near = createTestNode(hub, { nodeId: 'near' });
  const far = createTestNode(hub, { nodeId: 'far', log });
  await settle();
  return { hub, near, on: { near: createPubSub(near), far: createPubSub(far) }, warnings };
}

it('delivers to subscribers on each node, in order, with the publishing node', async () => {
  const { on } = await setup();
  const received: unknown[] = [];
  on.far.subscribe(order, ({ id }, { from }) => received.push(['far', id, from]));
  on.near.subscribe(order, ({ id }, { from }) => received.push(['near', id, from]));
  for (const id of [1, 2]) expect(on.near.publish(order, { id })).toBe(true);
  await settle();
  expect(received).toHaveLength(4);
  expect(received.filter((one) => (one as unknown[])[0] === 'far')).toEqual([
    ['far', 1, 'near'],
    ['far', 2, 'near'],
  ]);
});

it('refuses a message that is larger than the bus allows, naming both sizes', async () => {
  const { on, near } = await setup();
  const essay = topic('essays', z.string());
  expect(() => on.near.publish(essay, 'x'.repeat(2 * 1024 * 1024))).toThrow(MessageTooLargeError);
  near.transport.disconnect();
  expect(on.near.publish(essay, 'short')).toBe(false);
});

it('accepts a wildcard for one token in a subscription, but not to publish', async () => {
  const { on } = await setup();
  const received: string[] = [];
  on.far.subscribe(anyInShop, ({ id }, published) => received.push(`${published.topic} ${id}`));
  on.near.publish(order, { id: 1 });
  on.near.publish(topic('shop.returns', z.object({ id: z.number() })), { id: 2 });
  on.near.publish(topic('shop', z.object({ id: z.number() })), { id: 3 });
  on.near.publish(topic('shop.a.b', z.object({ id: z.number() })), { id: 4 });
  await settle();
  expect(received).toEqual(['shop.orders 1', 'shop.returns 2']);
  expect(() => on.near.publish(anyInShop, { id: 1 })).toThrow('wildcard');
});

it('ends a subscription by its unsubscribe function or its signal', async () => {
  const { on } = await setup();
  const received: string[] = [];
  const controller = new AbortController();
  const unsubscribe = on.far.subscribe(order, () => received.push('one'));
  on.far.subscribe(order, () => received.push('two'), { signal: controller.signal });
  unsubscribe();
  on.near.publish(order, { id: 1 });
  await settle();
  controller.abort();
  on.near.publish(order, { id: 2 });
  await settle();
  expect(received).toEqual(['two']);
});

it('drops messages that do not match the schema, warns once, and survives a listener that throws', async () => {
  const { near, on, warnings } = await setup();
  const received: number[] = [];
  on.far.subscribe(order, ({ id }) => {
    received.push(id);
    throw new Error('no');
  });
  on.near.publish(topic('shop.orders', z.string()), 'x');
  near.transport.publish(near.subjects.topic('shop.orders', 'near'), Uint8Array.of(0xc1, 1, 2));
  on.near.publish(order, { id: 1 });
  on.near.publish(order, { id: 2 });
  await settle();
  expect([received, warnings.length]).toEqual([[1, 2], 1]);
});

it('returns false while the bus is disconnected', async () => {
  const { near, on } = await setup();
  near.transport.disconnect();
  expect(on.near.publish(order, { id: 1 })).toBe(false);
});

it.each(['', 'a.b.c.d.e', 'A', 'a..b', 'a.>', 'a b'])('refuses the topic %j', (name) => {
  expect(() => topic(name, z.string())).toThrow('topic');
});

it('lets a member publish under its own id only and subscribe to all topics, and an observer do neither', () => {
  const subjects = createSubjects('test');
  for (const role of ['gateway', 'node-agent', 'host', 'observer'] as const satisfies readonly Role[]) {
    const { publish, subscribe } = permissionsOf(subjects, 'me', [role]);
    const isMember = role !== 'observer';
    for (const name of ['a', 'a.b', 'a.b.c', 'a.b.c.d']) {
      expect(may(publish, subjects.topic(name, 'me'))).toBe(isMember);
      expect(may(publish, subjects.topic(name, 'other'))).toBe(false);
      expect(may(subscribe, subjects.topic(name, 'other'))).toBe(isMember);
    }
  }
});

it('delivers events of one process by type, whichever listener throws or unsubscribes', () => {
  type Event = { readonly type: 'a'; readonly n: number } | { readonly type: 'b' };
  const stream = createEventStream<Event>(silentLogger);
  const received: string[] = [];
  const controller = new AbortController();
  stream.subscribe('a', () => {
    throw new Error('no');
  });
  const unsubscribe = stream.subscribe('a', ({ n }) => received.push(`a${n}`));
  stream.subscribe('*', ({ type }) => received.push(`any ${type}`), { signal: controller.signal });
  stream.publish({ type: 'a', n: 1 });
  stream.publish({ type: 'b' });
  unsubscribe();
  controller.abort();
  stream.publish({ type: 'a', n: 2 });
  expect(received).toEqual(['a1', 'any a', 'any b']);
});

it('leaves no listener on a signal after the unsubscribe function was called', async () => {
  const { on } = await setup();
  const { signal } = new AbortController();
  on.near.subscribe(order, () => undefined, { signal })();
  createEventStream<{ type: 'a' }>(silentLogger).subscribe('a', () => undefined, { signal })();
  expect(getEventListeners(signal, 'abort')).toEqual([]);
});
