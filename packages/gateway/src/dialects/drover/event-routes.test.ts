import { createTestNode } from '@drover/actor-core/testing';
import { type EventPublisher, recordEvents, startEventPublisher } from '@drover/fleet';
import { expect, it } from 'vitest';
import { createTestKeys } from '../../testing/key-setup.ts';
import { until } from '../../testing/until.ts';
import { startScriptedGateway } from '../../testing/scripted-gateway.ts';

interface Received {
  readonly sequence?: number;
  readonly type: string;
  readonly targets: readonly string[];
  readonly upTo?: number;
}

/** A gateway beside a host that keeps the stream of events, and keys of two tenants and of those who look after it. */
async function setup() {
  const known = await createTestKeys({
    acme: { roles: ['user'], tenant: 'acme' },
    rival: { roles: ['user'], tenant: 'rival' },
    viewer: { roles: ['viewer'] },
    admin: { roles: ['admin'], tenant: 'acme' },
  });
  const gateway = await startScriptedGateway({ keys: known.keys });
  const host = createTestNode(gateway.hub, { nodeId: 'h' });
  const endRecording = recordEvents(host);
  const events = startEventPublisher(host);
  const open = (
    name: keyof typeof known.texts,
    query = '',
    headers: Record<string, string> = {},
  ): Promise<Response> =>
    fetch(`${gateway.url}/api/v1/events${query}`, {
      headers: { authorization: `Bearer ${known.texts[name]}`, ...headers },
    });
  await until(async () => (await open('admin', '?follow=false')).ok, 'the stream is there');
  return {
    gateway: gateway.gateway,
    events,
    texts: known.texts,
    open,
    /** All stored events that the key sees. */
    stored: async (name: keyof typeof known.texts, query = ''): Promise<readonly Received[]> =>
      eventsOf(await (await open(name, `?follow=false&after=0${query}`)).text()),
    [Symbol.asyncDispose]: async () => {
      await endRecording();
      await host.leave();
      await gateway[Symbol.asyncDispose]();
      known.close();
    },
  };
}

function eventsOf(text: string): readonly Received[] {
  const data = text.split('\n').filter((line) => line.startsWith('data: '));
  return data
    .map((line) => JSON.parse(line.slice(6)) as Received)
    .filter(({ type }) => type !== 'events-lost');
}

const down = (events: EventPublisher, id: string) =>
  events.publish('node.dead', { targets: [`node/${id}`], payload: { incarnation: 1, epoch: 1 } });
const spawned = (events: EventPublisher, tenant: string) =>
  events.publish('agent.spawned', {
    tenant,
    targets: ['agent/a'],
    payload: { agent: 'a', type: 't', name: 'n', model: 'm' },
  });

/** Reads the stream until it has that many events, then leaves. */
async function take(
  response: Response,
  count: number,
): Promise<{ text: string; events: readonly Received[] }> {
  let text = '';
  const decoder = new TextDecoder();
  for await (const chunk of response.body ?? []) {
    text += decoder.decode(chunk, { stream: true });
    if (eventsOf(text).length >= count) break;
  }
  return { text, events: eventsOf(text) };
}

it('sends events as they happen, with an id to go on after', async () => {
  await using s = await setup();
  const response = await s.open('admin');
  expect(response.headers.get('content-type')).toBe('text/event-stream');
  down(s.events, 'a');
  down(s.events, 'b');
  const { text, events } = await take(response, 2);
  expect(events.map(({ targets }) => targets[0])).toEqual(['node/a', 'node/b']);
  const [first, second] = events;
  expect(text).toContain(`id: ${second?.sequence}\nevent: node.dead\ndata: `);
  down(s.events, 'c');
  const again = await s.open('admin', '', { 'last-event-id': String(first?.sequence) });
  expect((await take(again, 2)).events.map(({ targets }) => targets[0])).toEqual(['node/b', 'node/c']);
});

it('lets a client go on from the beginning of a stream that had no event', async () => {
  await using s = await setup();
  const reader = (await s.open('admin')).body?.getReader();
  const id = /^id: (\d+)\n/.exec(new TextDecoder().decode((await reader?.read())?.value))?.[1] ?? '';
  await reader?.cancel();
  down(s.events, 'meanwhile');
  const again = await s.open('admin', '', { 'last-event-id': id });
  expect((await take(again, 1)).events[0]?.targets).toEqual(['node/meanwhile']);
});

it('shows a tenant its own events alone, and those of the cluster to those who may observe it', async () => {
  await using s = await setup();
  down(s.events, 'a');
  spawned(s.events, 'acme');
  spawned(s.events, 'rival');
  await until(async () => (await s.stored('admin')).length === 2, 'all are stored');
  await until(async () => (await s.stored('rival')).length === 1, 'all are stored');
  const seen = async (name: 'acme' | 'rival' | 'viewer' | 'admin') =>
    (await s.stored(name)).map(({ type, tenant }: Received & { tenant?: string }) => [type, tenant]);
  expect(await seen('acme')).toEqual([['agent.spawned', 'acme']]);
  expect(await seen('rival')).toEqual([['agent.spawned', 'rival']]);
  expect(await seen('viewer')).toEqual([['node.dead', undefined]]);
  expect(await seen('admin')).toEqual([
    ['node.dead', undefined],
    ['agent.spawned', 'acme'],
  ]);
});

it('sends the types and targets that were asked for', async () => {
  await using s = await setup();
  down(s.events, 'a');
  down(s.events, 'b');
  spawned(s.events, 'acme');
  await until(async () => (await s.stored('admin')).length === 3, 'all are stored');
  const found = async (query: string) => (await s.stored('admin', query)).map(({ targets }) => targets[0]);
  expect(await found('&type=node.*')).toEqual(['node/a', 'node/b']);
  expect(await found('&type=agent.spawned,run.finished')).toEqual(['agent/a']);
  expect(await found('&target=node/b,agent/*')).toEqual(['node/b', 'agent/a']);
});

it('begins with those of the last hour, and says which it can no longer send', async () => {
  await using s = await setup();
  down(s.events, 'a');
  await until(async () => (await s.stored('admin')).length === 1, 'it is stored');
  const text = await (await s.open('admin', '?follow=false&since=1h')).text();
  expect(eventsOf(text)).toHaveLength(1);
  expect(await (await s.open('admin', '?follow=false&after=3')).text()).toContain('event: events-lost\n');
  expect(eventsOf(await (await s.open('admin', '?follow=false&since=0s')).text())).toEqual([]);
});

it.each([
  ['?type=node', 'type'],
  ['?since=yesterday', 'since'],
  ['?after=x', 'after'],
  ['?follow=maybe', 'follow'],
  ['?target=', 'target'],
  ['?limit=3', 'limit'],
])('refuses %s, naming the parameter', async (query, field) => {
  await using s = await setup();
  const response = await s.open('admin', query);
  expect(response.status).toBe(400);
  expect(await response.json()).toMatchObject({ error: { code: 'invalid-input', field } });
});

it('tells who made, renewed and revoked a key, and never the key itself', async () => {
  await using s = await setup();
  const call = (method: string, path: string, body?: object) =>
    fetch(`${s.gateway.url}/api/v1/keys${path}`, {
      method,
      headers: {
        authorization: `Bearer ${s.texts.admin}`,
        'x-drover-request-id': `req-${method}${path.length}`,
      },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
  const made = await (await call('POST', '', { name: 'ci' })).text();
  const secret = (JSON.parse(made) as { key: string }).key;
  await call('POST', '/ci/rotate', {});
  await call('DELETE', '/ci');
  await until(async () => (await s.stored('viewer')).length === 3, 'the events');
  const text = JSON.stringify(await s.stored('viewer'));
  expect((JSON.parse(text) as object[])[0]).toMatchObject({
    type: 'key.created',
    source: 'gw',
    causationId: 'req-POST0',
    payload: { name: 'ci', roles: ['user'], by: expect.stringMatching(/^[0-9a-f]{16}$/) },
  });
  expect(text).toContain('key.rotated');
  expect(text).toContain('key.revoked');
  expect(text).not.toContain(secret.slice(-43));
});

it('ends the streams of events when the gateway stops', async () => {
  await using s = await setup();
  const response = await s.open('admin');
  const whole = response.text();
  await s.gateway.stop({ drainTimeoutMs: 5_000 });
  expect(await whole).toMatch(/^id: \d+\n\n$/);
});
