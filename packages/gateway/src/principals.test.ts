import { silentLogger, systemClock, systemRandom } from '@drover/actor-core';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { resolveConfig } from './config.ts';
import * as dialects from './dialects.ts';
import { failureOf } from './failure.ts';
import type { Dialect } from './http/dialect.ts';
import { Dispatcher } from './http/dispatcher.ts';
import { Drain } from './http/drain.ts';
import { type HttpServer, listen } from './http/http-server.ts';
import { Router } from './http/router.ts';
import type { KeySpec } from './keys/change-key.ts';
import { Door } from './keys/door.ts';
import { hasRight, type Right } from './keys/rights.ts';
import type { GatewayServices } from './services.ts';
import { createTestKeys, type TestKeys } from './testing/key-setup.ts';

/** Every route of a gateway with the right that it needs. A new route fails this file until it has a row. */
const routes: readonly (readonly [Right, string])[] = [
  ['open', 'GET /healthz'],
  ['open', 'GET /readyz'],
  ['list', 'GET /'],
  ['list', 'GET /api/tags'],
  ['list', 'GET /api/ps'],
  ['list', 'GET /api/version'],
  ['list', 'GET /api/status'],
  ['list', 'GET /api/experimental/model-recommendations'],
  ['list', 'POST /api/show'],
  ['list', 'GET /api/v1/usage'],
  ['list', 'POST /api/me'],
  ['list', 'POST /api/signout'],
  ['list', 'DELETE /api/user/keys/{key}'],
  ['list', 'POST /api/experimental/web_search'],
  ['list', 'POST /api/experimental/web_fetch'],
  ['list', 'GET /docs'],
  ['list', 'GET /openapi.json'],
  ['list', 'GET /v1/models'],
  ['list', 'GET /v1/models/{model}'],
  ['infer', 'POST /api/chat'],
  ['infer', 'POST /api/generate'],
  ['infer', 'POST /api/embed'],
  ['infer', 'POST /api/embeddings'],
  ['operate', 'POST /api/pull'],
  ['observe', 'GET /api/v1/admin-jobs'],
  ['events', 'GET /api/v1/events'],
  ['data', 'GET /api/agents/ws'],
  ['infer', 'GET /api/v1/streams/{requestId}'],
  ['operate', 'DELETE /api/v1/admin-jobs/{id}'],
  ['operate', 'POST /api/push'],
  ['operate', 'POST /api/create'],
  ['operate', 'POST /api/copy'],
  ['operate', 'DELETE /api/delete'],
  ['operate', 'POST /api/blobs/{digest}'],
  ['operate', 'HEAD /api/blobs/{digest}'],
  ['infer', 'POST /v1/chat/completions'],
  ['infer', 'POST /v1/completions'],
  ['infer', 'POST /v1/embeddings'],
  ['infer', 'POST /v1/responses'],
  ['infer', 'POST /v1/messages'],
  ['infer', 'POST /v1/messages/count_tokens'],
  ['infer', 'POST /v1/audio/transcriptions'],
  ['data', 'GET /api/v1/why/{requestId}'],
  ['data', 'GET /api/v1/catalogue'],
  ['data', 'GET /api/v1/agents'],
  ['data', 'GET /api/v1/agents/list'],
  ['data', 'GET /api/v1/agents/{id}/status'],
  ['data', 'GET /api/v1/agents/{id}/metrics'],
  ['data', 'POST /api/v1/agents/spawn'],
  ['data', 'GET /api/v1/agents/{id}'],
  ['data', 'DELETE /api/v1/agents/{id}'],
  ['data', 'POST /api/v1/agents/{id}/task'],
  ['data', 'GET /api/v1/runs/{runId}'],
  ['data', 'GET /api/v1/memory/{scope}'],
  ['data', 'GET /api/v1/memory/{scope}/-/events'],
  ['data', 'GET /api/v1/memory/{scope}/{key}'],
  ['data', 'PUT /api/v1/memory/{scope}/{key}'],
  ['data', 'DELETE /api/v1/memory/{scope}/{key}'],
  ['data', 'POST /api/v1/memory/{scope}/{key}/ops'],
  ['data', 'GET /api/v1/queues'],
  ['data', 'GET /api/v1/queues/{q}'],
  ['data', 'POST /api/v1/queues/{q}'],
  ['data', 'DELETE /api/v1/queues/{q}'],
  ['data', 'POST /api/v1/queues/{q}/take'],
  ['data', 'GET /api/v1/queues/{q}/dead'],
  ['data', 'POST /api/v1/queues/{q}/dead/replay'],
  ['data', 'DELETE /api/v1/queues/{q}/messages/{id}'],
  ['data', 'POST /api/v1/queues/{q}/messages/{id}/ack'],
  ['data', 'POST /api/v1/queues/{q}/messages/{id}/nack'],
  ['data', 'POST /api/v1/queues/{q}/messages/{id}/extend'],
  ['observe', 'GET /metrics'],
  ['observe', 'GET /health/detail'],
  ['observe', 'GET /api/v1/status'],
  ['observe', 'GET /api/v1/actors'],
  ['observe', 'GET /api/v1/remedies'],
  ['observe', 'GET /api/v1/settings'],
  ['observe', 'GET /api/v1/cluster/members'],
  ['observe', 'GET /api/v1/cluster/voters'],
  ['observe', 'GET /api/v1/cluster/groups'],
  ['operate', 'PUT /api/v1/settings/{key}'],
  ['operate', 'DELETE /api/v1/settings/{key}'],
  ['operate', 'POST /api/v1/proofs/store'],
  ['operate', 'POST /api/v1/proofs/host'],
  ['operate', 'POST /api/v1/cluster/members/{node}/drain'],
  ['operate', 'POST /api/v1/cluster/members/{node}/leave'],
  ['operate', 'PUT /api/v1/cluster/voters/{node}'],
  ['operate', 'DELETE /api/v1/cluster/voters/{node}'],
  ['operate', 'POST /api/v1/cluster/groups/{group}/transfer'],
  ['administer', 'GET /api/v1/keys'],
  ['administer', 'POST /api/v1/keys'],
  ['administer', 'POST /api/v1/keys/{key}/rotate'],
  ['administer', 'PATCH /api/v1/keys/{key}'],
  ['administer', 'DELETE /api/v1/keys/{key}'],
  ['administer', 'GET /api/v1/explain'],
  ['administer', 'POST /api/v1/explain'],
  ['administer', 'GET /api/v1/audit'],
  ['administer', 'GET /api/v1/audit/chain'],
  ['administer', 'GET /api/v1/audit/export'],
];

const specs = {
  viewer: { roles: ['viewer'] },
  user: { roles: ['user'] },
  rival: { roles: ['user'], tenant: 'rival' },
  operator: { roles: ['operator'] },
  operatingUser: { roles: ['operator', 'user'] },
  admin: { roles: ['admin'] },
  narrow: { roles: ['user', 'viewer'], routes: ['/v1/*', 'GET /api/v1/memory/*'] },
} as const satisfies Record<string, KeySpec>;
type Name = keyof typeof specs;

/** Makes routes for their rights alone: their handlers are replaced. */
function anything(): GatewayServices {
  const value: unknown = new Proxy(() => value, { get: () => value });
  return value as GatewayServices;
}

const served = 299;
const replaced = (dialect: Dialect): Dialect => ({
  ...dialect,
  routes: dialect.routes.map((route) => ({
    ...route,
    counted: false,
    handler: (exchange) => {
      exchange.setHeader('x-tenant', exchange.principal.tenant);
      exchange.reply({ status: served, contentType: '', body: '' });
    },
  })),
});
const all = Object.values(dialects).map((create) => replaced(create(anything())));

let keys: TestKeys<Name>;
let server: HttpServer;

beforeAll(async () => {
  keys = await createTestKeys(specs);
  const config = resolveConfig({ port: 0 });
  const router = new Router(all);
  const dispatcher = new Dispatcher({
    router,
    config,
    drain: new Drain(systemClock),
    door: new Door(keys.keys, { servesAnyone: true, maxKeyAgeMs: 60_000 }, systemClock),
    machine: { name: 'here', addresses: [] },
    failureOf,
    clock: systemClock,
    random: systemRandom,
    log: silentLogger,
  });
  server = await listen(config, systemClock, {
    tls: undefined,
    log: silentLogger,
    handler: (request, response) => dispatcher.dispatch(request, response),
    exchanges: dispatcher.exchanges,
    allowOf: (method, target) => router.allowOf(method, target),
    freeConnection: () => false,
  });
});

afterAll(async () => {
  await server.close();
  keys.close();
});

async function ask(route: string, headers: Record<string, string> = {}): Promise<Response> {
  const [method = '', path = ''] = route.split(' ');
  const response = await fetch(server.url + path.replaceAll(/\{\w+\}/g, 'x'), { method, headers });
  await response.clone().arrayBuffer();
  return response;
}

it('has a row for every route, with the right that it needs', () => {
  const found = all.flatMap(({ routes: own }) =>
    own.flatMap(({ methods, path, right }) => methods.map((method) => `${right} ${method} ${path}`)),
  );
  const listed = routes.map(([right, route]) => `${right} ${route}`);
  // A HEAD route beside its GET has the same right.
  const isHeadOfGet = (row: string) =>
    row.includes(' HEAD ') && found.includes(row.replace(' HEAD ', ' GET '));
  // Two dialects may have a route of the same path for different clients.
  expect([...new Set(found.filter((row) => !isHeadOfGet(row)))].toSorted()).toEqual(listed.toSorted());
});

it.each(Object.keys(specs) as Name[])(
  'lets the key of a %s use what it may, and nothing else',
  async (name) => {
    const spec: KeySpec = specs[name];
    for (const [right, route] of routes) {
      const [method, path = ''] = route.split(' ');
      const isInScope =
        name !== 'narrow' ||
        path.startsWith('/v1/') ||
        (method === 'GET' && path.startsWith('/api/v1/memory/'));
      const isAllowed = right === 'open' || (hasRight(spec.roles ?? [], right) && isInScope);
      const response = await ask(route, { authorization: `Bearer ${keys.texts[name]}` });
      expect([route, response.status]).toEqual([route, isAllowed ? served : 403]);
      if (isAllowed && right !== 'open')
        expect([route, response.headers.get('x-tenant')]).toEqual([route, spec.tenant ?? 'default']);
    }
  },
);

it.each([
  ['no key', {}],
  ['a key that nobody has', { authorization: `Bearer drover_0123456789abcdef_${'a'.repeat(43)}` }],
  ['the key of another product', { 'x-api-key': 'sk-ant-1' }],
  ['an empty key', { authorization: 'Bearer ' }],
])('lets a request with %s use open routes alone', async (_what, headers) => {
  for (const [right, route] of routes) {
    const response = await ask(route, headers);
    expect([route, response.status]).toEqual([route, right === 'open' ? served : 401]);
    if (right !== 'open') expect(response.headers.get('www-authenticate')).toBe('Bearer realm="drover"');
  }
});

it('hides from requests without a key which paths exist', async () => {
  for (const route of ['GET /nothing', 'GET /api/v1/nothing', 'POST /v1/nothing', 'PATCH /api/chat'])
    expect([route, (await ask(route)).status]).toEqual([route, 401]);
  const own = { authorization: `Bearer ${keys.texts.viewer}` };
  expect((await ask('GET /nothing', own)).status).toBe(404);
  expect((await ask('PATCH /api/chat', own)).status).toBe(405);
});

it('answers in the error format of each dialect', async () => {
  const viewer = { 'x-api-key': keys.texts.viewer };
  expect(await (await ask('POST /api/chat')).json()).toEqual({
    error: expect.stringContaining('a key is required'),
  });
  expect(await (await ask('POST /v1/chat/completions')).json()).toEqual({
    error: {
      message: expect.any(String),
      type: 'invalid_request_error',
      param: null,
      code: 'invalid_api_key',
    },
  });
  expect(await (await ask('POST /v1/chat/completions', viewer)).json()).toEqual({
    error: {
      message: expect.any(String),
      type: 'permission_error',
      param: null,
      code: 'insufficient_permissions',
    },
  });
  expect(await (await ask('GET /api/v1/keys', viewer)).json()).toEqual({
    error: { code: 'not-allowed', message: expect.stringContaining('admin'), requestId: expect.any(String) },
  });
});
