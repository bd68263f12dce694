import { once } from 'node:events';
import { createTestNode } from '@drover/actor-core/testing';
import { recordEvents } from '@drover/fleet';
import {
  credentials,
  loadPackageDefinition,
  Metadata,
  type ServiceClientConstructor,
  status,
} from '@grpc/grpc-js';
import { loadSync } from '@grpc/proto-loader';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { WebSocket } from 'ws';
import { auditSigner, newAuditKey } from '../audit/audit-key.ts';
import { defaultRetention } from '../audit/audit-store.ts';
import { keepAuditLog } from '../audit/keep-audit-log.ts';
import { createTestKeys, type TestKeys } from '../testing/key-setup.ts';
import { type ScriptedGateway, startScriptedGateway } from '../testing/scripted-gateway.ts';
import { startTestIssuer, type TestIssuer } from '../testing/test-issuer.ts';
import { until } from '../testing/until.ts';

let issuer: TestIssuer;
let keys: TestKeys<'admin'>;
let stack: ScriptedGateway;
const ends: (() => Promise<void> | void)[] = [];

beforeAll(async () => {
  issuer = await startTestIssuer();
  keys = await createTestKeys({ admin: { roles: ['admin'] } });
  const head = { read: () => undefined, write: () => undefined };
  stack = await startScriptedGateway({
    keys: keys.keys,
    grpcPort: 0,
    oidcIssuer: issuer.url,
    oidcAudience: ['drover'],
    oidcTenantClaim: 'tenant',
    oidcRolesClaim: 'roles',
    oidcLimits: 'requests:3',
    auditFiles: { signer: auditSigner(newAuditKey()), head },
  });
  const host = createTestNode(stack.hub, { nodeId: 'h', roles: ['host'] });
  const endings = [keepAuditLog(host, defaultRetention), recordEvents(host)];
  ends.push(...endings);
  const headers = { authorization: `Bearer ${keys.texts.admin}` };
  for (const path of ['/api/v1/events?follow=false', '/api/v1/audit'])
    await until(async () => (await fetch(stack.url + path, { headers })).ok, path);
});

afterAll(async () => {
  for (const end of ends) await end();
  await stack[Symbol.asyncDispose]();
  keys.close();
  await issuer.close();
});

const tokenOf = (sub: string, claims: object = {}): Promise<string> =>
  issuer.token({ sub, tenant: 'acme', roles: ['user'], ...claims });
const ask = async (path: string, token: string | undefined, init: RequestInit = {}): Promise<Response> =>
  fetch(stack.url + path, {
    ...init,
    headers: token === undefined ? {} : { authorization: `Bearer ${token}` },
  });

const explain = async (token: string, route: string): Promise<unknown> =>
  (
    await ask('/api/v1/explain', keys.texts.admin, {
      method: 'POST',
      body: JSON.stringify({ token, method: 'POST', route }),
    })
  ).json();

const chat = async (token: string): Promise<number> => {
  const body = JSON.stringify({ model: 'm', messages: [{ role: 'user', content: 'a' }], stream: false });
  const answered = ask('/api/chat', token, { method: 'POST', body });
  const call = await Promise.race([stack.fleet.next(), answered.then(() => undefined)]);
  call?.head({ status: 200, contentType: 'application/json' });
  call?.lines('{"model":"m","message":{"content":"b"},"done":true,"prompt_eval_count":1,"eval_count":2}');
  call?.end();
  return (await answered).status;
};

it('serves a token in the routes of its roles, and asks everybody else for one', async () => {
  const token = await tokenOf('alice');
  expect((await ask('/', token)).status).toBe(200);
  expect((await ask('/api/v1/keys', token)).status).toBe(403);
  expect((await ask('/', undefined)).status).toBe(401);
  expect((await ask('/', keys.texts.admin)).status).toBe(200);
  expect((await ask('/api/v1/keys', await tokenOf('root', { roles: 'admin' }))).status).toBe(200);
  const late = await ask('/v1/models', await tokenOf('alice', { exp: 1 }));
  expect(late.status).toBe(401);
  expect(late.headers.get('www-authenticate')).toBe('Bearer realm="drover"');
});

it('explains what a token may do, and why it is refused', async () => {
  expect(await explain(await tokenOf('alice'), '/api/chat')).toMatchObject({
    allowed: true,
    key: { id: 'oidc:alice', tenant: 'acme', roles: ['user'] },
    steps: [
      { check: 'token', ok: true },
      { check: 'role', ok: true },
    ],
  });
  expect(await explain(await tokenOf('alice'), '/api/v1/keys')).toMatchObject({ allowed: false });
  expect(await explain(await tokenOf('alice', { aud: 'mail' }), '/api/chat')).toMatchObject({
    allowed: false,
    steps: [{ check: 'token', ok: false, reason: expect.stringContaining('another audience') as string }],
  });
});

it('keeps subjects within the tenant of their token', async () => {
  const path = '/api/v1/memory/global/note';
  const write = await ask(path, await tokenOf('alice'), { method: 'PUT', body: 'ours' });
  expect(write.status).toBe(201);
  expect(await (await ask(path, await tokenOf('bob'))).text()).toBe('ours');
  expect((await ask(path, await tokenOf('eve', { tenant: 'rival' }))).status).toBe(404);
  expect((await ask(path, await tokenOf('eve', { tenant: undefined }))).status).toBe(403);
});

it('takes tokens over gRPC and over a WebSocket', async () => {
  const token = await tokenOf('alice');
  const folder = new URL('../../proto', import.meta.url).pathname;
  const loaded = loadPackageDefinition(loadSync('drover/v1/model.proto', { includeDirs: [folder] }));
  const { ModelService } = (loaded as unknown as { drover: { v1: Record<string, ServiceClientConstructor> } })
    .drover.v1;
  if (ModelService === undefined) throw new Error('no service');
  const client = new ModelService(stack.gateway.grpcAddress ?? '', credentials.createInsecure());
  const list = (bearer: string): Promise<number> =>
    new Promise((resolve) => {
      const metadata = new Metadata();
      metadata.set('authorization', `Bearer ${bearer}`);
      client['ListModels']?.({}, metadata, (error: { code: number } | null) => resolve(error?.code ?? 0));
    });
  // No host lists its models here, so the caller gets past the door and no further.
  expect(await list(token)).not.toBe(status.UNAUTHENTICATED);
  expect(await list(`${token}x`)).toBe(status.UNAUTHENTICATED);
  client.close();

  const url = `${stack.url.replace('http', 'ws')}/api/agents/ws`;
  const socket = new WebSocket(url, ['drover', `bearer.${token}`]);
  await once(socket, 'open');
  socket.terminate();
  const refused = new WebSocket(url, ['drover', `bearer.${token}x`]);
  const [, response] = (await once(refused, 'unexpected-response')) as [unknown, { statusCode: number }];
  expect(response.statusCode).toBe(401);
  refused.on('error', () => undefined);
  refused.terminate();
});

it('limits, counts and records each subject as a principal of its own', async () => {
  const [carol, dan] = await Promise.all([tokenOf('carol'), tokenOf('dan', { tenant: 'other' })]);
  const statuses: number[] = [];
  for (const token of [carol, carol, carol, dan, carol]) statuses.push(await chat(token));
  expect(statuses).toEqual([200, 200, 200, 200, 429]);
  await until(async () => {
    const answer = await (await ask('/api/v1/audit?limit=1000', keys.texts.admin)).json();
    const { records = [] } = answer as { records?: { key?: string; tenant?: string; status?: number }[] };
    const has = (key: string, tenant: string, code: number): boolean =>
      records.some((one) => one.key === key && one.tenant === tenant && one.status === code);
    return has('oidc:carol', 'acme', 429) && has('oidc:alice', 'acme', 403);
  }, 'the records of the tokens');
});
