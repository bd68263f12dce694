import { once } from 'node:events';
import { request } from 'node:http';
import { createTestNode } from '@drover/actor-core/testing';
import { recordEvents, startEventPublisher } from '@drover/fleet';
import { expect, it } from 'vitest';
import { WebSocket } from 'ws';
import { createTestKeys } from '../../testing/key-setup.ts';
import { noAgents } from '../../testing/no-agents.ts';
import { startScriptedGateway } from '../../testing/scripted-gateway.ts';
import { until } from '../../testing/until.ts';

interface Message {
  readonly type: string;
  readonly sequence?: number;
  readonly agents?: unknown;
  readonly event?: { readonly type: string; readonly targets: readonly string[] };
}

async function setup() {
  const known = await createTestKeys({
    acme: { roles: ['user'], tenant: 'acme' },
    rival: { roles: ['user'], tenant: 'rival' },
    viewer: { roles: ['viewer'] },
  });
  const agents = { ...noAgents, list: () => Promise.resolve([{ id: 'a', status: 'ready' } as never]) };
  const client = { ...agents, forTenant: () => agents };
  const gateway = await startScriptedGateway({ keys: known.keys, agents: client });
  const host = createTestNode(gateway.hub, { nodeId: 'h' });
  const endRecording = recordEvents(host);
  const publisher = startEventPublisher(host);
  const url = gateway.url.replace('http', 'ws');
  const open = (key: keyof typeof known.texts | undefined, query = '', origin?: string): WebSocket =>
    new WebSocket(`${url}/api/agents/ws${query}`, {
      headers: key === undefined ? {} : { authorization: `Bearer ${known.texts[key]}` },
      ...(origin === undefined ? {} : { origin }),
    });
  const events = `${gateway.url}/api/v1/events?follow=false`;
  const headers = { authorization: `Bearer ${known.texts.viewer}` };
  await until(async () => (await fetch(events, { headers })).ok, 'the stream of events');
  return {
    gateway: gateway.gateway,
    url,
    texts: known.texts,
    open,
    spawn: (agent: string, tenant = 'acme') =>
      publisher.publish('agent.spawned', {
        tenant,
        targets: [`agent/${agent}`],
        payload: { agent, type: 't', name: 'n', model: 'm' },
      }),
    [Symbol.asyncDispose]: async () => {
      await endRecording();
      await host.leave();
      await gateway[Symbol.asyncDispose]();
      known.close();
    },
  };
}

/** Collects the messages of a socket. */
function listen(socket: WebSocket): readonly Message[] {
  const messages: Message[] = [];
  socket.on('message', (data) => messages.push(JSON.parse((data as Buffer).toString('utf8')) as Message));
  return messages;
}

const targets = (messages: readonly Message[]): unknown[] =>
  messages.flatMap(({ event }) => (event === undefined ? [] : [event.targets[0]]));

/** The status with which the handshake is refused. */
async function refusal(socket: WebSocket): Promise<number> {
  socket.on('error', () => {});
  const [, response] = (await once(socket, 'unexpected-response')) as [unknown, { statusCode: number }];
  socket.terminate();
  return response.statusCode;
}

it('sends a snapshot, then what happens to the tenant, and goes on after a sequence', async () => {
  await using s = await setup();
  const socket = s.open('acme');
  const messages = listen(socket);
  await until(() => messages.length > 0, 'the snapshot');
  expect(messages[0]).toMatchObject({ type: 'snapshot', agents: [{ id: 'a', status: 'ready' }] });
  s.spawn('one');
  s.spawn('other', 'rival');
  s.spawn('two');
  await until(() => targets(messages).length === 2, 'the events');
  expect(targets(messages)).toEqual(['agent/one', 'agent/two']);
  socket.close();
  await once(socket, 'close');
  s.spawn('three');
  const first = messages.find(({ type }) => type === 'event')?.sequence ?? 0;
  const again = s.open('acme', `?after=${first}&topics=agents`);
  const later = listen(again);
  await until(() => targets(later).length === 2, 'the events that were missed');
  expect(later.map(({ type }) => type)).toEqual(['event', 'event']);
  expect(targets(later)).toEqual(['agent/two', 'agent/three']);
  again.terminate();
});

it('sends figures of the agents of the tenant', async () => {
  await using s = await setup();
  const socket = s.open('acme', '?topics=metrics');
  const messages = listen(socket);
  await until(() => messages.some(({ type }) => type === 'metrics'), 'the figures');
  expect(messages.find(({ type }) => type === 'metrics')).toEqual({ type: 'metrics', agents: { ready: 1 } });
  socket.terminate();
});

it('lets in the same callers as other routes do, before the handshake', async () => {
  await using s = await setup();
  expect(await refusal(s.open(undefined))).toBe(401);
  expect(await refusal(s.open('viewer'))).toBe(403);
  expect(await refusal(s.open('acme', '', 'https://evil.example'))).toBe(403);
  expect(await refusal(s.open('acme', '?topics=weather'))).toBe(400);
  expect(await refusal(new WebSocket(`${s.url}/api/agents/none`))).toBe(401);
  const page = new WebSocket(`${s.url}/api/agents/ws`, ['drover', `bearer.${s.texts.acme}`], {
    origin: 'http://localhost:3000',
  });
  await once(page, 'open');
  expect(page.protocol).toBe('drover');
  page.terminate();
});

it('answers a plain request with 426, and serves requests for other protocols as plain ones', async () => {
  await using s = await setup();
  const headers = { authorization: `Bearer ${s.texts.acme}` };
  const plain = await fetch(`${s.url.replace('ws', 'http')}/api/agents/ws`, { headers });
  expect([plain.status, plain.headers.get('upgrade')]).toEqual([426, 'websocket']);
  // As the HTTP client of Java asks each server.
  const wish = {
    connection: 'Upgrade, HTTP2-Settings',
    upgrade: 'h2c',
    'http2-settings': 'AAMAAABkAARAAAAAAAIAAAAA',
  };
  const asking = request(`${s.url.replace('ws', 'http')}/healthz`, { method: 'GET', headers: wish });
  asking.end();
  const [response] = (await once(asking, 'response')) as [{ statusCode: number; resume(): void }];
  response.resume();
  expect(response.statusCode).toBe(200);
});

it('answers a ping, and closes on any other message and on one that is too large', async () => {
  await using s = await setup();
  const socket = s.open('acme', '?topics=tasks');
  const messages = listen(socket);
  await once(socket, 'open');
  socket.send('{"type":"ping"}');
  await until(() => messages.some(({ type }) => type === 'pong'), 'the answer');
  socket.send('{"type":"spawn"}');
  expect(await once(socket, 'close')).toMatchObject({ 0: 1008 });
  const large = s.open('acme');
  await once(large, 'open');
  large.send('x'.repeat(10_000));
  expect(await once(large, 'close')).toMatchObject({ 0: 1009 });
});

it('closes the sockets when the gateway stops', async () => {
  await using s = await setup();
  const socket = s.open('acme');
  await once(socket, 'open');
  const closed = once(socket, 'close');
  await s.gateway.stop({ drainTimeoutMs: 5_000 });
  expect(await closed).toMatchObject({ 0: 1001 });
});
