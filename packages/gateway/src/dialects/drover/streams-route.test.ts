import { createTestNode } from '@drover/actor-core/testing';
import { expect, it } from 'vitest';
import { startGateway } from '../../gateway.ts';
import { createTestKeys } from '../../testing/key-setup.ts';
import { noAgents } from '../../testing/no-agents.ts';
import { oneHostFleet } from '../../testing/scripted-fleet.ts';
import { type ScriptedGateway, startScriptedGateway } from '../../testing/scripted-gateway.ts';
import { until } from '../../testing/until.ts';

const chat = { model: 'm', messages: [{ role: 'user', content: 'hi' }] };
const line = (word: string): string => `{"message":{"content":"${word}"},"done":false}`;
const last = '{"message":{"content":""},"done":true}';

/** Asks with an id, and leaves after the first bytes. */
async function askAndLeave(
  setup: ScriptedGateway,
  { path = '/api/chat', keep = 'keep=60s', stream = true, headers = {} } = {},
) {
  const client = new AbortController();
  const answer = setup.post(
    path,
    { ...chat, stream },
    {
      signal: client.signal,
      headers: { 'x-drover-request-id': 'r1', 'x-drover-on-disconnect': keep, ...headers },
    },
  );
  answer.catch(() => undefined);
  const call = await setup.fleet.next();
  call.head();
  call.lines(line('one'), line('two'));
  if (stream) await (await answer).body?.getReader().read();
  client.abort();
  return call;
}

const read = (url: string, query = '', headers: Record<string, string> = {}) =>
  fetch(`${url}/api/v1/streams/r1${query}`, { headers });

it('goes on without its client, and with the answer from the line where the client stopped', async () => {
  await using setup = await startScriptedGateway();
  const call = await askAndLeave(setup);
  const rest = await read(setup.url, '?from=1');
  expect(rest.status).toBe(200);
  expect(rest.headers.get('content-type')).toBe('application/x-ndjson');
  expect(rest.headers.get('x-drover-node')).toBe('host-a');
  call.lines(line('three'));
  call.lines(last);
  call.end();
  expect(await rest.text()).toBe(`${line('two')}\n${line('three')}\n${last}\n`);
  expect(call.signal.aborted).toBe(false);
  // The end is kept too.
  expect(await (await read(setup.url, '?from=3')).text()).toBe(`${last}\n`);
});

it('numbers the events of the other dialects', async () => {
  await using setup = await startScriptedGateway();
  const call = await askAndLeave(setup, { path: '/v1/chat/completions' });
  call.lines(last);
  call.end();
  const text = await (await read(setup.url, '?from=2')).text();
  const ids = [...text.matchAll(/^id: (\d+)$/gm)].map(([, id]) => Number(id));
  expect(ids[0]).toBe(3);
  expect(ids).toEqual(ids.map((_, index) => index + 3));
  expect(text.trimEnd().split('\n').at(-1)).toBe('data: [DONE]');
});

it('gives the answer through another gateway', async () => {
  await using setup = await startScriptedGateway();
  const node = createTestNode(setup.hub, { nodeId: 'gw2', roles: ['gateway'] });
  const other = await startGateway(node, { port: 0, agents: noAgents, fleet: oneHostFleet() });
  await until(() => node.presence.member('gw') !== undefined, 'the other gateway');
  const call = await askAndLeave(setup);
  const rest = await read(other.url, '?from=1');
  call.lines(last);
  call.end();
  expect(await rest.text()).toBe(`${line('two')}\n${last}\n`);
  expect((await fetch(`${other.url}/api/v1/streams/none`)).status).toBe(404);
  await other.stop({ drainTimeoutMs: 0 });
  await node.leave();
});

it('keeps an answer that is no stream', async () => {
  await using setup = await startScriptedGateway();
  const client = new AbortController();
  const answer = setup.post(
    '/api/chat',
    { ...chat, stream: false },
    {
      signal: client.signal,
      headers: { 'x-drover-request-id': 'r1', 'x-drover-on-disconnect': 'keep=60s' },
    },
  );
  answer.catch(() => undefined);
  const call = await setup.fleet.next();
  client.abort();
  call.head({ contentType: 'application/json; charset=utf-8' });
  call.lines(last);
  call.end();
  expect(await (await read(setup.url)).json()).toEqual(JSON.parse(last));
});

it('cancels when nobody comes back in time, and the answer is gone', async () => {
  await using setup = await startScriptedGateway();
  const call = await askAndLeave(setup, { keep: 'keep=50ms' });
  await until(() => call.signal.aborted, 'the cancel');
  const late = await read(setup.url);
  expect(late.status).toBe(404);
  expect(await late.json()).toMatchObject({ error: { code: 'stream-not-found' } });
});

it('refuses an id that is in use, until the answer is kept no more', async () => {
  await using setup = await startScriptedGateway();
  const call = await askAndLeave(setup, { keep: 'keep=50ms' });
  const headers = { 'x-drover-request-id': 'r1' };
  const second = await setup.post('/api/chat', chat, { headers });
  expect(second.status).toBe(409);
  await until(() => call.signal.aborted, 'the cancel');
  const third = setup.post('/api/chat', chat, { headers });
  const again = await setup.fleet.next();
  again.head();
  again.lines(last);
  again.end();
  expect((await third).status).toBe(200);
});

it('gives an answer to the key that asked for it, and to no other', async () => {
  const known = await createTestKeys({ ann: { roles: ['user'] }, bob: { roles: ['user'] } });
  await using setup = await startScriptedGateway({ keys: known.keys });
  const as = (name: 'ann' | 'bob') => ({ authorization: `Bearer ${known.texts[name]}` });
  await askAndLeave(setup, { headers: as('ann') });
  expect((await read(setup.url, '', as('bob'))).status).toBe(404);
  const own = await read(setup.url, '', as('ann'));
  expect(own.status).toBe(200);
  await own.body?.cancel();
  known.close();
});

it.each(['keep', 'keep=0s', 'keep=5', 'forget'])(
  'refuses %j as what to do on a disconnect',
  async (value) => {
    await using setup = await startScriptedGateway();
    const answer = await setup.post('/api/chat', chat, { headers: { 'x-drover-on-disconnect': value } });
    expect(answer.status).toBe(400);
  },
);
