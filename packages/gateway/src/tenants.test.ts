import { expect, it } from 'vitest';
import type { KeySpec } from './keys/change-key.ts';
import { createTestKeys } from './testing/key-setup.ts';
import { noAgents } from './testing/no-agents.ts';
import { startScriptedGateway } from './testing/scripted-gateway.ts';

const specs = {
  acme: { roles: ['user'], tenant: 'acme' },
  rival: { roles: ['user'], tenant: 'rival' },
  limited: { roles: ['user'], tenant: 'acme', models: ['other*'] },
  admin: { roles: ['admin'] },
} as const satisfies Record<string, KeySpec>;
type Name = keyof typeof specs;

async function setup(options: Parameters<typeof startScriptedGateway>[0] = {}) {
  const { keys, texts, close } = await createTestKeys(specs);
  const scripted = await startScriptedGateway({ keys, ...options });
  const as = (name: Name, method: string, path: string, body?: string): Promise<Response> =>
    fetch(scripted.url + path, {
      method,
      headers: { authorization: `Bearer ${texts[name]}` },
      ...(body === undefined ? {} : { body }),
    });
  return {
    ...scripted,
    keys,
    texts,
    as,
    [Symbol.asyncDispose]: async () => {
      await scripted[Symbol.asyncDispose]();
      close();
    },
  };
}

it.each(['global', 'session:1', 'run:1', 'agent:1'])(
  'keeps the memory of each tenant in the scope %s apart',
  async (scope) => {
    await using gateway = await setup();
    const path = `/api/v1/memory/${scope}/greeting`;
    expect((await gateway.as('acme', 'PUT', path, 'hello')).status).toBe(201);
    expect((await gateway.as('rival', 'GET', path)).status).toBe(404);
    expect((await gateway.as('rival', 'PUT', path, 'other')).status).toBe(201);
    expect(await (await gateway.as('acme', 'GET', path)).text()).toBe('hello');
    expect((await gateway.as('rival', 'DELETE', path)).status).toBe(204);
    expect(await (await gateway.as('acme', 'GET', `/api/v1/memory/${scope}`)).json()).toMatchObject({
      items: [{ key: 'greeting' }],
    });
  },
);

it('does not show the scope of a tenant to another one', async () => {
  await using gateway = await setup();
  const path = '/api/v1/memory/tenant:acme/a';
  expect((await gateway.as('acme', 'PUT', path, '1')).status).toBe(201);
  for (const method of ['GET', 'PUT', 'DELETE'])
    expect((await gateway.as('rival', method, path, method === 'PUT' ? '2' : undefined)).status).toBe(404);
  expect((await gateway.as('admin', 'GET', path)).status).toBe(404);
});

it('keeps the queues of each tenant apart', async () => {
  await using gateway = await setup();
  expect((await gateway.as('acme', 'POST', '/api/v1/queues/jobs', '{"body":1}')).status).toBe(201);
  expect((await gateway.as('rival', 'GET', '/api/v1/queues/jobs')).status).toBe(404);
  expect(await (await gateway.as('rival', 'GET', '/api/v1/queues')).json()).toEqual({ queues: [] });
  expect((await gateway.as('rival', 'POST', '/api/v1/queues/jobs', '{"body":2}')).status).toBe(201);
  const taken = await gateway.as('acme', 'POST', '/api/v1/queues/jobs/take', '{}');
  const { messages } = (await taken.json()) as { messages: { id: string; body: unknown; lease: string }[] };
  expect(messages.map(({ body }) => body)).toEqual([1]);
  const { id = '', lease = '' } = messages[0] ?? {};
  const ack = `/api/v1/queues/jobs/messages/${encodeURIComponent(id)}/ack`;
  expect((await gateway.as('rival', 'POST', ack, JSON.stringify({ lease }))).status).not.toBe(204);
  expect((await gateway.as('acme', 'POST', ack, JSON.stringify({ lease }))).status).toBe(204);
});

it('hands the tenant of the key to the fleet', async () => {
  await using gateway = await setup();
  const answer = gateway.as(
    'acme',
    'POST',
    '/api/chat',
    '{"model":"m","messages":[{"role":"user","content":"a"}]}',
  );
  const call = await gateway.fleet.next();
  expect(call.request).toMatchObject({ tenant: 'acme', model: 'm:latest' });
  call.fail('no-host');
  await answer;
});

it('asks for agents and runs of the tenant of the key alone', async () => {
  const asked: string[] = [];
  const agents = {
    ...noAgents,
    forTenant: (tenant: string) => {
      asked.push(tenant);
      return noAgents;
    },
  };
  await using gateway = await setup({ agents });
  const routes = [
    ['GET', '/api/v1/agents'],
    ['GET', '/api/v1/agents/a'],
    ['GET', '/api/v1/agents/list'],
    ['GET', '/api/v1/agents/a/status'],
    ['GET', '/api/v1/agents/a/metrics'],
    ['DELETE', '/api/v1/agents/a'],
    ['GET', '/api/v1/runs/r'],
    ['POST', '/api/v1/agents/spawn', '{"type":"a"}'],
    ['POST', '/api/v1/agents/a/task', '{"input":"a"}'],
    ['POST', '/api/v1/agents/a/task', '{"input":"a","mode":"async"}'],
    ['POST', '/api/v1/agents/a/task', '{"input":"a","mode":"stream"}'],
  ] as const;
  for (const [method, path, body] of routes) {
    asked.length = 0;
    expect((await gateway.as('acme', method, path, body)).status).toBe(503);
    expect([path, ...new Set(asked)]).toEqual([path, 'acme']);
  }
});

it('answers 403 for a model that the key may not use, in each dialect, and asks no host', async () => {
  await using gateway = await setup();
  const native = await gateway.as('limited', 'POST', '/api/generate', '{"model":"m","prompt":"a"}');
  expect([native.status, await native.json()]).toEqual([
    403,
    { error: expect.stringContaining('may not use the model m:latest') },
  ]);
  const openAi = await gateway.as('limited', 'POST', '/v1/completions', '{"model":"m","prompt":"a"}');
  expect([openAi.status, await openAi.json()]).toMatchObject([403, { error: { type: 'permission_error' } }]);
});

it('makes, renews and revokes keys that count at once', async () => {
  await using gateway = await setup();
  const created = await gateway.as('admin', 'POST', '/api/v1/keys', '{"name":"new","roles":["viewer"]}');
  expect(created.status).toBe(201);
  const { id, key } = (await created.json()) as { id: string; key: string };
  const status = async (text: string) =>
    (await fetch(`${gateway.url}/metrics`, { headers: { 'x-api-key': text } })).status;
  expect(await status(key)).toBe(200);
  const rotated = await gateway.as('admin', 'POST', `/api/v1/keys/${id}/rotate`, '{"graceMs":60000}');
  const { key: second } = (await rotated.json()) as { key: string };
  expect([await status(key), await status(second)]).toEqual([200, 200]);
  const third = (await (await gateway.as('admin', 'POST', '/api/v1/keys/new/rotate', '{}')).json()) as {
    key: string;
  };
  expect([await status(key), await status(second), await status(third.key)]).toEqual([401, 401, 200]);
  const revoked = await gateway.as('admin', 'DELETE', `/api/v1/keys/${id}`);
  expect(await revoked.json()).toMatchObject({ id, state: 'revoked' });
  expect(await status(third.key)).toBe(401);
  expect((await gateway.as('admin', 'POST', `/api/v1/keys/${id}/rotate`, '{}')).status).toBe(409);
});

it('shows no digest and no secret in the list of keys', async () => {
  await using gateway = await setup();
  const text = await (await gateway.as('admin', 'GET', '/api/v1/keys')).text();
  const digests = gateway.keys.ring.all().map(({ secrets }) => secrets[0]?.digest ?? '');
  const secrets = Object.values(gateway.texts).map((key) => key.slice(-43));
  for (const hidden of [...digests, ...secrets]) expect(text).not.toContain(hidden);
  expect((JSON.parse(text) as { keys: unknown[] }).keys).toHaveLength(4);
});

it('names the field of a key that cannot be made', async () => {
  await using gateway = await setup();
  const answer = await gateway.as('admin', 'POST', '/api/v1/keys', '{"tenant":"A B"}');
  expect([answer.status, await answer.json()]).toMatchObject([400, { error: { field: 'tenant' } }]);
});

it('refuses a first key that could not make another one', async () => {
  const { keys, close } = await createTestKeys({});
  await using gateway = await startScriptedGateway({ keys });
  const make = (body: string) => fetch(`${gateway.url}/api/v1/keys`, { method: 'POST', body });
  expect((await make('{"roles":["user"]}')).status).toBe(409);
  expect((await make('{"roles":["admin"]}')).status).toBe(201);
  expect((await make('{"roles":["admin"]}')).status).toBe(401);
  close();
});

it('explains what a key may do, with each rule', async () => {
  await using gateway = await setup();
  const explain = async (query: string) =>
    (await (await gateway.as('admin', 'GET', `/api/v1/explain?${query}`)).json()) as object;
  expect(await explain('key=limited&method=POST&route=/api/chat&model=other-1')).toMatchObject({
    allowed: true,
    right: 'infer',
    steps: [
      { check: 'key', ok: true },
      { check: 'role', ok: true },
      { check: 'models', ok: true },
    ],
  });
  expect(await explain('key=limited&method=POST&route=/api/chat&model=m')).toMatchObject({
    allowed: false,
    steps: [
      { ok: true },
      { ok: true },
      { check: 'models', ok: false, reason: expect.stringContaining('other*') },
    ],
  });
  expect(await explain('key=acme&method=GET&route=/metrics')).toMatchObject({
    allowed: false,
    steps: [{ ok: true }, { check: 'role', ok: false, reason: expect.stringContaining('viewer') }],
  });
  expect(await explain('key=acme&route=/healthz')).toMatchObject({
    allowed: true,
    steps: [{ check: 'open' }],
  });
  expect(await explain('key=nobody&route=/healthz')).toMatchObject({ error: { code: 'key-not-found' } });
});
