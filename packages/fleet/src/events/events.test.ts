import { createPubSub, eventLog, type Role, topic } from '@drover/actor-core/cluster';
import {
  advance,
  createTestHub,
  createTestNode,
  ManualClock,
  settle,
  type TestNode,
} from '@drover/actor-core/testing';
import { expect, it } from 'vitest';
import { z } from 'zod';
import { encodeEvent, type FleetEvent } from './event.ts';
import { followEvents } from './event-feed.ts';
import { startEventPublisher } from './event-publisher.ts';
import { publishRemedyEvents } from './publish-node-events.ts';
import { recordEvents } from './record-events.ts';

async function setup(roles: Readonly<Record<string, Role>> = {}) {
  const clock = new ManualClock();
  const hub = createTestHub({ clock });
  const node = (nodeId: string, role: Role): TestNode => createTestNode(hub, { nodeId, roles: [role] });
  const host = node('host-1', 'host');
  const gateway = node('gw', 'gateway');
  const others = Object.fromEntries(Object.entries(roles).map(([id, role]) => [id, node(id, role)]));
  recordEvents(host);
  await settle();
  const feed = followEvents(gateway);
  await settle();
  const stored = async (after = 0) => {
    await settle();
    return (await feed.read(after)).events.map(({ event }) => event);
  };
  return { clock, hub, host, gateway, others, feed, stored };
}

const put = (by: TestNode, event: FleetEvent) =>
  by.storage.writer.write(eventLog('test'), {
    subject: by.subjects.event(event.source, by.nodeId),
    payload: encodeEvent(event),
  });

const dead: Parameters<ReturnType<typeof startEventPublisher>['publish']>[1] = {
  targets: ['node/x'],
  payload: { incarnation: 1, epoch: 2 },
};
const eventOf = (event: Partial<FleetEvent>): FleetEvent =>
  ({
    v: 1,
    id: 'e1',
    type: 'node.dead',
    time: '2026-01-01T00:00:00.000Z',
    source: 'host-1',
    targets: [],
    payload: {},
    meta: {},
    ...event,
  }) as FleetEvent;

it('stores the events of a node in their order, with sequences that grow', async () => {
  const { host, feed, stored } = await setup();
  const events = startEventPublisher(host);
  const first = events.publish('node.dead', { targets: ['node/a'], payload: { incarnation: 1, epoch: 1 } });
  const second = events.publish('node.left', { targets: ['node/b'], payload: { incarnation: 1, epoch: 2 } });
  expect((await stored()).map(({ id }) => id)).toEqual([first, second]);
  const { events: page } = await feed.read(0);
  expect((page[1]?.sequence ?? 0) - (page[0]?.sequence ?? 0)).toBe(1);
  expect(page[0]?.event).toMatchObject({ v: 1, type: 'node.dead', source: 'host-1', targets: ['node/a'] });
});

it('stores an event of a node-agent once, though several hosts record it', async () => {
  const { others, stored } = await setup({ 'host-2': 'host', agent: 'node-agent' });
  const endSecond = recordEvents(others['host-2'] as TestNode);
  await settle();
  const agent = others['agent'] as TestNode;
  publishRemedyEvents(agent, startEventPublisher(agent));
  agent.system.reportRemedy({ action: 'eject', subject: 'agent/ollama', cause: 'refuses', evidence: {} });
  const found = await stored();
  expect(found).toMatchObject([
    { type: 'remedy.eject', source: 'agent', targets: ['host/agent/ollama'], payload: { cause: 'refuses' } },
  ]);
  void endSecond();
});

it('tells events that are not stored to those that listen at the moment', async () => {
  const { host, feed, stored } = await setup();
  const heard: string[] = [];
  feed.onLive(({ type }) => heard.push(type));
  startEventPublisher(host).publish('node.suspect', { targets: [], payload: { incarnation: 1, ageMs: 5 } });
  await settle();
  expect(heard).toEqual(['node.suspect']);
  expect(await stored()).toEqual([]);
});

it('believes no node that speaks for another one, or says what its role may not', async () => {
  const { host, gateway, stored, others, feed } = await setup({ agent: 'node-agent' });
  await put(gateway, eventOf({ id: 'other', source: 'host-1' }));
  await put(gateway, eventOf({ id: 'role', source: 'gw' }));
  await put(host, eventOf({ id: 'live', type: 'node.suspect' }));
  await put(host, eventOf({ id: 'good' }));
  expect((await stored()).map(({ id }) => id)).toEqual(['good']);
  const heard: string[] = [];
  feed.onLive(({ id }) => heard.push(id));
  const live = topic('event.live', z.instanceof(Uint8Array));
  const suspect = eventOf({ id: 'forged', type: 'node.suspect', source: 'host-1' });
  createPubSub(others['agent'] as TestNode).publish(live, encodeEvent(suspect));
  createPubSub(others['agent'] as TestNode).publish(live, encodeEvent({ ...suspect, source: 'agent' }));
  await settle();
  expect(heard).toEqual([]);
});

it('skips records that are no event of this version', async () => {
  const { host, stored } = await setup();
  await put(host, { ...eventOf({ id: 'later' }), v: 2 } as never);
  await put(host, eventOf({ id: 'unknown', type: 'node.unheard-of' as never }));
  await host.storage.writer.write(eventLog('test'), {
    subject: host.subjects.event('host-1', 'host-1'),
    payload: Uint8Array.of(1, 2, 3),
  });
  await put(host, { ...eventOf({ id: 'known' }), added: 1 } as never);
  expect((await stored()).map(({ id }) => id)).toEqual(['known']);
});

it('drops events beyond its rate, and those that are too large, and counts them', async () => {
  const { clock, host } = await setup();
  const events = startEventPublisher(host);
  const cause = 'x'.repeat(20_000);
  const large = events.publish('remedy.park', { targets: [], payload: { subject: '', cause, evidence: {} } });
  expect(large).toBeUndefined();
  for (let count = 0; count < 300; count++) events.publish('node.dead', dead as never);
  expect(events.stats).toMatchObject({ published: 200, dropped: 101 });
  await advance(clock, 1_000);
  for (let count = 0; count < 300; count++) events.publish('node.dead', dead as never);
  expect(events.stats.published).toBe(220);
});

it('keeps events while the store is away, and stores them in order when it is back', async () => {
  const { clock, hub, host, stored } = await setup();
  hub.logs.faults = () => 'away';
  const events = startEventPublisher(host);
  const ids = ['a', 'b'].map((id) =>
    events.publish('node.dead', { targets: [id], payload: { incarnation: 1, epoch: 1 } }),
  );
  await advance(clock, 8_000);
  expect(events.stats.waiting).toBe(2);
  hub.logs.faults = undefined;
  await advance(clock, 8_000);
  expect((await stored()).map(({ id }) => id)).toEqual(ids);
});

it('finds the first event of an instant, and says which were removed before they were read', async () => {
  const { clock, host, feed } = await setup();
  const events = startEventPublisher(host);
  const at: number[] = [];
  for (const id of ['a', 'b', 'c']) {
    at.push(clock.wallNow());
    events.publish('node.dead', { targets: [id], payload: { incarnation: 1, epoch: 1 } });
    await advance(clock, 10_000);
  }
  const { events: all } = await feed.read(0);
  const before = await feed.before(at[1] ?? 0);
  expect(before).toBe(all[0]?.sequence);
  expect((await feed.read(before)).events.map(({ event }) => event.targets[0])).toEqual(['b', 'c']);
  expect(await feed.read(5)).toMatchObject({ lostUpTo: (all[0]?.sequence ?? 0) - 1 });
});
