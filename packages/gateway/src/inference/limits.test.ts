import { createTestNode } from '@drover/actor-core/testing';
import { afterEach, expect, it } from 'vitest';
import type { KeySpec } from '../keys/change-key.ts';
import { keepUsageBucket } from '../usage/usage-store.ts';
import { createTestKeys } from '../testing/key-setup.ts';
import { startScriptedGateway } from '../testing/scripted-gateway.ts';
import { until } from '../testing/until.ts';

const ends: (() => Promise<void> | void)[] = [];
afterEach(async () => {
  for (const end of ends.splice(0).toReversed()) await end();
});

async function setup(spec: KeySpec, tenantLimits: readonly string[] = []) {
  const keys = await createTestKeys({ key: spec, other: { tenant: spec.tenant } });
  ends.push(() => keys.close());
  const gateway = await startScriptedGateway({ keys: keys.keys, tenantLimits });
  ends.push(() => gateway[Symbol.asyncDispose]());
  const send = (path: string, body: object, who: keyof typeof keys.texts = 'key') =>
    gateway.post(path, body, { headers: { authorization: `Bearer ${keys.texts[who]}` } });
  const list = () => fetch(`${gateway.url}/openapi.json`, { headers: { 'x-api-key': keys.texts.key } });
  const usage = async (who: keyof typeof keys.texts): Promise<unknown> =>
    (await fetch(`${gateway.url}/api/v1/usage`, { headers: { 'x-api-key': keys.texts[who] } })).json();
  return { ...gateway, send, list, usage };
}

/** A host that keeps the bucket of the usage. */
async function keepUsage({ hub }: Awaited<ReturnType<typeof setup>>): Promise<void> {
  ends.push(keepUsageBucket(createTestNode(hub, { nodeId: 'host', roles: ['host'] })));
  await until(
    async () => hub.logs.names.some((name) => name.startsWith('KV_USAGE')),
    'the bucket of the usage',
  );
}

const messages = [{ role: 'user', content: 'hi' }];
const chat = { model: 'm', messages };

/** Sends a request and answers it, unless it is refused. */
async function served(gateway: Awaited<ReturnType<typeof setup>>, path: string, body: object, who?: 'other') {
  const answered = gateway.send(path, body, who);
  const call = await Promise.race([gateway.fleet.next(), answered.then(() => undefined)]);
  call?.finish();
  return answered;
}

it('lets a key use limits that were changed after it was made, from the next request on', async () => {
  const keys = await createTestKeys({ key: { requestsPerMinute: 1 }, admin: { roles: ['admin'] } });
  ends.push(() => keys.close());
  const scripted = await startScriptedGateway({ keys: keys.keys });
  ends.push(() => scripted[Symbol.asyncDispose]());
  const send = (path: string, body: object) =>
    scripted.post(path, body, { headers: { 'x-api-key': keys.texts.key } });
  const gateway = { ...scripted, send, list: () => fetch(scripted.url), usage: () => Promise.resolve() };
  const change = async (changes: object): Promise<unknown> => {
    const headers = { 'x-api-key': keys.texts.admin };
    const init = { method: 'PATCH', headers, body: JSON.stringify(changes) };
    const response = await fetch(`${scripted.url}/api/v1/keys/key`, init);
    return [response.status, await response.json()];
  };
  expect((await served(gateway, '/api/chat', chat)).status).toBe(200);
  expect((await send('/api/chat', chat)).status).toBe(429);
  expect(await change({ requestsPerMinute: 3, tokensPerDay: 9_000 })).toMatchObject([
    200,
    { name: 'key', limits: { requestsPerMinute: 3, tokensPerDay: 9_000 } },
  ]);
  expect(await change({ tokensPerDay: null })).toMatchObject([200, { limits: { requestsPerMinute: 3 } }]);
  expect((await served(gateway, '/api/chat', chat)).status).toBe(200);
  expect(await change({ requestsPerMinute: null })).toMatchObject([
    200,
    expect.not.objectContaining({ limits: {} }),
  ]);
  for (let sent = 0; sent < 3; sent++) expect((await served(gateway, '/api/chat', chat)).status).toBe(200);
  expect(await change({ requestsPerMinute: 0 })).toMatchObject([400, { error: { code: 'invalid-input' } }]);
});

it('tells clients of Anthropic what is left, in the headers that they read', async () => {
  const keys = await createTestKeys({ key: { requestsPerMinute: 5, tokensPerMinute: 4_000 } });
  ends.push(() => keys.close());
  const gateway = await startScriptedGateway({ keys: keys.keys });
  ends.push(() => gateway[Symbol.asyncDispose]());
  const headers = { 'x-api-key': keys.texts.key, 'anthropic-version': '2023-06-01' };
  const answered = gateway.post('/v1/messages', { ...chat, max_tokens: 50 }, { headers });
  (await gateway.fleet.next()).finish();
  const told = (await answered).headers;
  expect(told.get('anthropic-ratelimit-requests-limit')).toBe('5');
  expect(told.get('anthropic-ratelimit-requests-remaining')).toBe('4');
  expect(told.get('anthropic-ratelimit-tokens-limit')).toBe('4000');
  const reset = told.get('anthropic-ratelimit-requests-reset') ?? '';
  expect(reset).toMatch(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/);
  expect(Date.parse(reset) - Date.now()).toBeLessThanOrEqual(70_000);
  expect(
    (await gateway.post('/api/chat', chat, { headers: {} })).headers.has(
      'anthropic-ratelimit-requests-limit',
    ),
  ).toBe(false);
});

it('lets a key send as many requests in a minute as it may, and tells it when to come back', async () => {
  const gateway = await setup({ requestsPerMinute: 2 });
  const first = await served(gateway, '/v1/chat/completions', chat);
  expect(first.status).toBe(200);
  expect(first.headers.get('x-ratelimit-limit-requests')).toBe('2');
  expect(first.headers.get('x-ratelimit-remaining-requests')).toBe('1');
  expect(first.headers.get('x-ratelimit-reset-requests')).toMatch(/^(\d+m)?[\d.]+s$/);
  expect((await served(gateway, '/v1/chat/completions', chat)).status).toBe(200);
  const third = await gateway.send('/v1/chat/completions', chat);
  expect(third.status).toBe(429);
  expect(third.headers.get('x-ratelimit-remaining-requests')).toBe('0');
  const retryMs = Number(third.headers.get('retry-after-ms'));
  expect(retryMs).toBeGreaterThan(0);
  expect(retryMs).toBeLessThanOrEqual(65_000);
  expect(Number(third.headers.get('retry-after'))).toBe(Math.ceil(retryMs / 1_000));
  expect(await third.json()).toMatchObject({
    error: {
      type: 'requests',
      code: 'rate_limit_exceeded',
      message: expect.stringContaining('2 requests') as string,
    },
  });
});

it.each([
  ['/api/chat', { error: expect.stringContaining('may send') as string }],
  ['/v1/chat/completions', { error: { type: 'requests', code: 'rate_limit_exceeded' } }],
  ['/v1/responses', { error: { type: 'requests', code: 'rate_limit_exceeded' } }],
  ['/v1/messages', { type: 'error', error: { type: 'rate_limit_error' } }],
])('refuses a request to %s in its own dialect', async (path, shape) => {
  const gateway = await setup({ requestsPerMinute: 1 });
  const body = { model: 'm', messages, input: 'hi', max_tokens: 5, stream: false };
  expect((await served(gateway, path, body)).status).toBe(200);
  const refused = await gateway.send(path, body);
  expect([refused.status, await refused.json()]).toMatchObject([429, shape]);
});

it('counts what a refused request took for nothing', async () => {
  const gateway = await setup({ requestsPerMinute: 5, concurrentRequests: 1 });
  const running = gateway.send('/api/chat', chat);
  const call = await gateway.fleet.next();
  for (let index = 0; index < 4; index++) {
    const refused = await gateway.send('/api/chat', chat);
    expect(refused.status).toBe(429);
    expect(Number(refused.headers.get('x-ratelimit-remaining-requests'))).toBeGreaterThanOrEqual(3);
  }
  call.finish();
  expect((await running).status).toBe(200);
  expect((await served(gateway, '/api/chat', chat)).status).toBe(200);
});

it('gives the slot of a request back when its client leaves', async () => {
  const gateway = await setup({ concurrentRequests: 1 });
  const leaving = new AbortController();
  const left = gateway.post('/api/chat', chat, { signal: leaving.signal }).catch(() => undefined);
  await left;
  const answered = gateway.send('/api/chat', chat);
  const call = await gateway.fleet.next();
  call.finish();
  expect((await answered).status).toBe(200);
  expect((await served(gateway, '/api/chat', chat)).status).toBe(200);
});

it('shares the limits of a tenant among its keys, and lets other tenants alone', async () => {
  const gateway = await setup({ tenant: 'acme' }, ['acme=requests:2', '*=requests:1']);
  expect((await served(gateway, '/api/chat', chat)).status).toBe(200);
  expect((await served(gateway, '/api/chat', chat, 'other')).status).toBe(200);
  const refused = await gateway.send('/api/chat', chat, 'other');
  expect([refused.status, await refused.text()]).toEqual([
    429,
    expect.stringContaining('the tenant of this key'),
  ]);
});

it('counts the tokens that an answer had, not those that were estimated', async () => {
  const gateway = await setup({ tokensPerMinute: 1_000 });
  const request = { model: 'm', messages, stream: false, options: { num_predict: 800 } };
  const answered = gateway.send('/api/chat', request);
  const call = await gateway.fleet.next();
  call.head({ status: 200, contentType: 'application/json' });
  call.lines(
    '{"model":"m","done":true,"prompt_eval_count":30,"prompt_eval_duration":5,"eval_count":70,"eval_duration":9}',
  );
  call.end();
  expect((await answered).status).toBe(200);
  const second = gateway.send('/api/chat', request);
  (await gateway.fleet.next()).finish();
  const left = Number((await second).headers.get('x-ratelimit-remaining-tokens'));
  // The second one holds its own 800 and its prompt while it runs.
  expect(left).toBeLessThan(100);
  expect(left).toBeGreaterThanOrEqual(0);
});

it('refuses a request whose tokens do not fit into what is left', async () => {
  const gateway = await setup({ tokensPerMinute: 100 });
  const request = { model: 'm', messages, options: { num_predict: 60 } };
  const running = gateway.send('/v1/chat/completions', { ...chat, max_tokens: 60 });
  const call = await gateway.fleet.next();
  const refused = await gateway.send('/api/chat', request);
  expect([refused.status, await refused.text()]).toEqual([
    429,
    expect.stringContaining('100 tokens a minute'),
  ]);
  call.finish();
  await running;
});

it('limits requests to models alone', async () => {
  const gateway = await setup({ requestsPerMinute: 1 });
  expect((await served(gateway, '/api/chat', chat)).status).toBe(200);
  const listed = await gateway.send('/api/generate', chat);
  expect(listed.status).toBe(429);
  for (let index = 0; index < 3; index++) expect((await gateway.list()).status).toBe(200);
});

it('goes on by its share while hosts keep no log of quotas, and tells so', async () => {
  const keys = await createTestKeys({ key: { requestsPerMinute: 2 }, admin: { roles: ['admin'] } });
  ends.push(() => keys.close());
  const gateway = await startScriptedGateway({ keys: keys.keys }, { hasQuotaLog: false });
  ends.push(() => gateway[Symbol.asyncDispose]());
  const send = async (): Promise<number> => {
    const answered = gateway.post('/api/chat', chat, { headers: { 'x-api-key': keys.texts.key } });
    const call = await Promise.race([gateway.fleet.next(), answered.then(() => undefined)]);
    call?.finish();
    return (await answered).status;
  };
  await until(async () => (await send()) === 200, 'the gateway knows that there is no log');
  expect([await send(), await send()]).toEqual([200, 429]);
  const text = await (
    await fetch(`${gateway.url}/metrics`, { headers: { 'x-api-key': keys.texts.admin } })
  ).text();
  expect(text).toContain('drover_quota_shares 2');
});

it('refuses a key that has used its tokens of the day, and tells its clients not to ask again', async () => {
  const gateway = await setup({ tokensPerDay: 100 });
  const answered = gateway.send('/api/chat', { ...chat, stream: false });
  const call = await gateway.fleet.next();
  call.head({ status: 200, contentType: 'application/json', queuedMs: 40 });
  call.lines('{"model":"m","done":true,"prompt_eval_count":30,"eval_count":70,"eval_duration":2000000}');
  call.end();
  expect((await answered).status).toBe(200);
  const refused = await gateway.send('/v1/chat/completions', chat);
  expect([refused.status, refused.headers.get('x-should-retry')]).toEqual([429, 'false']);
  expect(Number(refused.headers.get('retry-after'))).toBeLessThanOrEqual(24 * 3_600);
  expect(await refused.json()).toMatchObject({ error: { code: 'insufficient_quota' } });
});

it('shows a key what it used, and nobody else', async () => {
  const gateway = await setup({ tenant: 'acme' });
  await keepUsage(gateway);
  const answered = gateway.send('/api/chat', chat);
  const call = await gateway.fleet.next();
  call.head({ queuedMs: 40 });
  call.lines('{"model":"m","message":{"content":"a"},"done":false}');
  call.lines('{"model":"m","done":true,"prompt_eval_count":3,"eval_count":7,"eval_duration":2000000000}');
  call.end();
  await (await answered).text();
  const own = await gateway.usage('key');
  expect(own).toMatchObject({
    rows: [
      {
        tenant: 'acme',
        model: 'm:latest',
        requests: 1,
        promptTokens: 3,
        outputTokens: 7,
        gpuSeconds: 2,
        queueSeconds: 0.04,
      },
    ],
    total: { requests: 1 },
    complete: true,
  });
  expect(await gateway.usage('other')).toMatchObject({ rows: [], total: { requests: 0 } });
});
