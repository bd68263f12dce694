import { startControl } from '@drover/actor-core/cluster';
import { createTestNode, waitUntil } from '@drover/actor-core/testing';
import type { AgentsClient, AgentView, RunView, TaskResult } from '@drover/agents';
import { recordEvents } from '@drover/fleet';
import { expect, it } from 'vitest';
import { auditSigner, newAuditKey } from '../../audit/audit-key.ts';
import { defaultRetention } from '../../audit/audit-store.ts';
import { keepAuditLog } from '../../audit/keep-audit-log.ts';
import type { ClusterSettings } from '../../cluster-settings.ts';
import type { OperationDoc } from '../../openapi/operation.ts';
import { createTestKeys } from '../../testing/key-setup.ts';
import { noAgents } from '../../testing/no-agents.ts';
import { until } from '../../testing/until.ts';
import { type ScriptedGateway, startScriptedGateway } from '../../testing/scripted-gateway.ts';
import { droverDialect } from './drover-dialect.ts';
import { failureSchema } from './operations/common.ts';
import { droverOperations } from './operations/operations.ts';

const agent: AgentView = {
  id: 'a1',
  type: 'helper',
  name: 'helper',
  model: 'm',
  status: 'ready',
  node: 'h',
  incarnation: 1,
  createdAt: '2026-01-01T00:00:00Z',
};
const usage = { promptTokens: 1, completionTokens: 2, durationMs: 3 };
const result: TaskResult = { runId: 'r1', status: 'completed', output: 'hello', usage, node: 'h' };
const run: RunView = { runId: 'r1', agentId: 'a1', status: 'completed', output: 'hello', usage, node: 'h' };

const agents: AgentsClient = {
  ...noAgents,
  definitions: () => [{ type: 'helper', description: 'Helps.', model: undefined }],
  spawn: () => Promise.resolve(agent),
  list: () => Promise.resolve(['a3', 'a1', 'a2'].map((id) => ({ ...agent, id }))),
  get: () => Promise.resolve(agent),
  stop: () => Promise.resolve({ ...agent, status: 'stopped' }),
  task: () => Promise.resolve(result),
  metrics: () =>
    Promise.resolve({
      id: 'a1',
      runs: { running: 0, completed: 1, failed: 1, failedBy: { 'agent-lost': 1 } },
      tokens: { prompt: 1, completion: 2 },
      durationMs: { mean: 3, p50: 3, p95: 3, max: 3 },
      restarts: 0,
      keptRuns: 10,
    }),
  submit: () => Promise.resolve({ runId: 'r1' }),
  run: () => Promise.resolve(run),
  proveStore: () => Promise.resolve({ ok: true } as never),
};

const settings: ClusterSettings = {
  keys: ['request-timeout'],
  list: () =>
    Promise.resolve([{ key: 'request-timeout', value: '9s', revision: 3, changedAtMs: 1_700_000_000_000 }]),
  set: () => Promise.resolve(4),
  unset: () => Promise.resolve(),
};

/** A gateway beside a host that controls the cluster, and the key of an administrator. */
async function setup() {
  const known = await createTestKeys({ admin: { roles: ['admin'] } });
  const gateway = await startScriptedGateway({
    agents,
    clusterSettings: settings,
    keys: known.keys,
    auditFiles: {
      signer: auditSigner(newAuditKey()),
      head: { read: () => undefined, write: () => undefined },
    },
  });
  const host = createTestNode(gateway.hub, { nodeId: 'h' });
  const endAudit = keepAuditLog(host, defaultRetention);
  startControl(host);
  const endEvents = recordEvents(host);
  await waitUntil('the view lists both', () => gateway.node.view.current()?.members.length === 2);
  const events = `${gateway.url}/api/v1/events?follow=false`;
  const headers = { authorization: `Bearer ${known.texts.admin}` };
  await until(async () => (await fetch(events, { headers })).ok, 'the stream of events');
  const audit = `${gateway.url}/api/v1/audit/chain`;
  await until(async () => (await fetch(audit, { headers })).ok, 'the stream of the audit records');
  return {
    gateway,
    key: known.texts.admin,
    [Symbol.asyncDispose]: async () => {
      await endEvents();
      endAudit();
      await host.leave();
      await gateway[Symbol.asyncDispose]();
      known.close();
    },
  };
}

const { groups } = droverOperations();
const operations = new Map(groups.flatMap((group) => Object.entries(group.operations)));

/** Asks, and checks the answer against what the document says of it. */
async function ask(
  { url }: ScriptedGateway,
  route: string,
  path: string,
  body?: unknown,
  headers: Record<string, string> = {},
): Promise<{ readonly status: number; readonly text: string; readonly headers: Headers }> {
  const method = route.split(' ')[0] ?? '';
  const text = typeof body === 'string' ? body : JSON.stringify(body);
  const response = await fetch(url + path, {
    method,
    headers,
    ...(body === undefined ? {} : { body: text }),
  });
  const answer = await response.text();
  const { answers, errors = {} } = operations.get(route) as OperationDoc;
  const { status } = response;
  const documented = answers[status];
  if (documented === undefined) {
    const { error } = failureSchema.parse(JSON.parse(answer)) as { error: { code: string } };
    expect(errors[status] ?? [], `${route} answers ${status}: ${answer}`).toContain(error.code);
  } else if (documented.schema !== undefined) {
    const checked = documented.schema.safeParse(JSON.parse(answer));
    expect(checked.error?.issues ?? [], `${route} answers ${status}: ${answer}`).toEqual([]);
  }
  for (const name of Object.keys(documented?.headers ?? {}))
    expect(response.headers.has(name), name).toBe(true);
  return { status, text: answer, headers: response.headers };
}

it('describes exactly the routes that exist', () => {
  const { routes } = droverDialect({ settings, keys: {}, audit: {}, node: {}, agents, config: {} } as never);
  const names = routes.flatMap(({ methods, path }) =>
    methods.filter((method) => method !== 'HEAD').map((method) => `${method} ${path}`),
  );
  const undescribed = ['GET /openapi.json', 'GET /docs'];
  expect([...operations.keys(), ...undescribed].toSorted()).toEqual(names.toSorted());
});

it('answers as it is described, route by route', async () => {
  await using kit = await setup();
  const { gateway, key } = kit;
  const asked = new Set<string>();
  const call = async (route: string, path: string, body?: unknown, headers?: Record<string, string>) => {
    asked.add(route);
    return ask(gateway, route, path, body, { authorization: `Bearer ${key}`, ...headers });
  };
  const ok = async (...parameters: Parameters<typeof call>) => {
    const answer = await call(...parameters);
    expect(answer.status, `${parameters[0]}: ${answer.text}`).toBeLessThan(300);
    return answer;
  };

  await ok('GET /healthz', '/healthz');
  await ok('GET /readyz', '/readyz');
  await call('GET /health/detail', '/health/detail');
  await ok('GET /metrics', '/metrics');
  await ok('GET /api/v1/status', '/api/v1/status');
  await ok('GET /api/v1/actors', '/api/v1/actors?limit=5');
  await call('GET /api/v1/actors', '/api/v1/actors?node=nobody');
  await ok('GET /api/v1/remedies', '/api/v1/remedies?limit=5');
  await call('GET /api/v1/why/{requestId}', '/api/v1/why/r1');
  await call('GET /api/v1/streams/{requestId}', '/api/v1/streams/none?from=2');
  await ok('POST /api/v1/proofs/store', '/api/v1/proofs/store', {});
  await ok('POST /api/v1/proofs/host', '/api/v1/proofs/host', { node: 'host-a', instance: 'ollama' });

  await ok('GET /api/v1/catalogue', '/api/v1/catalogue');
  await ok('GET /api/v1/agents', '/api/v1/agents');
  await ok('GET /api/v1/agents/list', '/api/v1/agents/list?limit=2&status=ready');
  await ok('POST /api/v1/agents/spawn', '/api/v1/agents/spawn', { type: 'helper' });
  await ok('GET /api/v1/agents/{id}', '/api/v1/agents/a1');
  await ok('GET /api/v1/agents/{id}/status', '/api/v1/agents/a1/status');
  await ok('GET /api/v1/agents/{id}/metrics', '/api/v1/agents/a1/metrics');
  await ok('DELETE /api/v1/agents/{id}', '/api/v1/agents/a1?mode=graceful&finishMs=5');
  await call('DELETE /api/v1/agents/{id}', '/api/v1/agents/a1?finishMs=5');
  await ok('POST /api/v1/agents/{id}/task', '/api/v1/agents/a1/task', { input: 'x' });
  await ok('POST /api/v1/agents/{id}/task', '/api/v1/agents/a1/task', { input: 'x', mode: 'async' });
  await ok('DELETE /api/v1/agents/{id}', '/api/v1/agents/a1');
  await ok('GET /api/v1/runs/{runId}', '/api/v1/runs/r1');

  const memory = '/api/v1/memory/global';
  const put = await ok('PUT /api/v1/memory/{scope}/{key}', `${memory}/k`, 'one');
  const etag = put.headers.get('etag') ?? '';
  await ok('PUT /api/v1/memory/{scope}/{key}', `${memory}/k?policy=reject`, 'two', { 'if-match': etag });
  await call('PUT /api/v1/memory/{scope}/{key}', `${memory}/k`, 'three', { 'if-match': etag });
  await ok('GET /api/v1/memory/{scope}/{key}', `${memory}/k?read=fresh`);
  await call('GET /api/v1/memory/{scope}/{key}', `${memory}/none`);
  await ok('GET /api/v1/memory/{scope}', `${memory}?limit=1`);
  const add = { ops: [{ add: 1 }] };
  await call('POST /api/v1/memory/{scope}/{key}/ops', `${memory}/n/ops?policy=crdt:pn-counter`, add);
  await ok('DELETE /api/v1/memory/{scope}/{key}', `${memory}/k`);

  const queue = '/api/v1/queues/q';
  await call('GET /api/v1/queues/{q}', '/api/v1/queues/none');
  await ok('POST /api/v1/queues/{q}', queue, { id: 'm1', body: { a: 1 }, maxAttempts: 1 });
  await ok('POST /api/v1/queues/{q}', queue, { id: 'm1', body: { a: 1 } });
  for (const id of ['m2', 'm3', 'm4']) await ok('POST /api/v1/queues/{q}', queue, { id, body: id });
  await ok('GET /api/v1/queues', '/api/v1/queues');
  await ok('GET /api/v1/queues/{q}', queue);
  const taken = await ok('POST /api/v1/queues/{q}/take', `${queue}/take`, { max: 3 });
  const { messages } = JSON.parse(taken.text) as { messages: { id: string; lease: string }[] };
  const settle = (action: string, index: number, body: object = {}) =>
    call(
      `POST /api/v1/queues/{q}/messages/{id}/${action}`,
      `${queue}/messages/${messages[index]?.id}/${action}`,
      { lease: messages[index]?.lease, ...body },
    );
  expect((await settle('nack', 0)).status).toBe(204);
  expect((await settle('extend', 1, { leaseMs: 60_000 })).status).toBe(204);
  expect((await settle('ack', 2)).status).toBe(204);
  await settle('ack', 0);
  await ok('GET /api/v1/queues/{q}/dead', `${queue}/dead`);
  await ok('POST /api/v1/queues/{q}/dead/replay', `${queue}/dead/replay`);
  await ok('DELETE /api/v1/queues/{q}/messages/{id}', `${queue}/messages/m4`);
  await call('DELETE /api/v1/queues/{q}/messages/{id}', `${queue}/messages/m4`);
  await call('DELETE /api/v1/queues/{q}', queue);
  await ok('DELETE /api/v1/queues/{q}', `${queue}?messages=discard`);

  await ok('GET /api/v1/cluster/members', '/api/v1/cluster/members');
  await ok('GET /api/v1/cluster/voters', '/api/v1/cluster/voters');
  await call('PUT /api/v1/cluster/voters/{node}', '/api/v1/cluster/voters/gw');
  await call('DELETE /api/v1/cluster/voters/{node}', '/api/v1/cluster/voters/h');
  await ok('GET /api/v1/cluster/groups', '/api/v1/cluster/groups');
  await call('POST /api/v1/cluster/groups/{group}/transfer', '/api/v1/cluster/groups/none/transfer', {});
  await call('POST /api/v1/cluster/members/{node}/leave', '/api/v1/cluster/members/nobody/leave');
  await call('POST /api/v1/cluster/members/{node}/drain', '/api/v1/cluster/members/nobody/drain');
  await ok('GET /api/v1/settings', '/api/v1/settings');
  await ok('PUT /api/v1/settings/{key}', '/api/v1/settings/request-timeout', { value: '9s' });
  await ok('DELETE /api/v1/settings/{key}', '/api/v1/settings/request-timeout');

  // No host keeps the bucket of the usage here.
  await call('GET /api/v1/usage', '/api/v1/usage?by=key,hour');

  await ok('GET /api/v1/admin-jobs', '/api/v1/admin-jobs');
  await call('DELETE /api/v1/admin-jobs/{id}', '/api/v1/admin-jobs/none');

  const created = await ok('POST /api/v1/keys', '/api/v1/keys', { name: 'ci', roles: ['user'] });
  const { id } = JSON.parse(created.text) as { id: string };
  await ok('GET /api/v1/keys', '/api/v1/keys');
  await ok('GET /api/v1/explain', `/api/v1/explain?key=${id}&route=/api/chat&method=POST`);
  // No issuer is set here.
  await call('POST /api/v1/explain', '/api/v1/explain', { token: 'a.b.c', route: '/api/chat' });
  await ok('PATCH /api/v1/keys/{key}', `/api/v1/keys/${id}`, { requestsPerMinute: 60, tokensPerDay: null });
  await ok('POST /api/v1/keys/{key}/rotate', `/api/v1/keys/${id}/rotate`, { graceMs: 5_000 });
  await ok('DELETE /api/v1/keys/{key}', '/api/v1/keys/ci');
  await call('DELETE /api/v1/keys/{key}', '/api/v1/keys/none');

  const page = await ok('GET /api/v1/audit', '/api/v1/audit?limit=2');
  const { cursor } = JSON.parse(page.text) as { cursor: string };
  await ok('GET /api/v1/audit', `/api/v1/audit?cursor=${cursor}&chain=gw`);
  await call('GET /api/v1/audit', '/api/v1/audit?cursor=none');
  await ok('GET /api/v1/audit/export', '/api/v1/audit/export');
  await ok('GET /api/v1/audit/chain', '/api/v1/audit/chain');

  await call('GET /api/agents/ws', '/api/agents/ws');
  await ok('GET /api/v1/events', '/api/v1/events?follow=false&after=1');

  // A stream of events does not end by itself: its test is with the memory.
  asked.add('GET /api/v1/memory/{scope}/-/events');
  expect([...operations.keys()].filter((route) => !asked.has(route))).toEqual([]);
});

it('serves the document and a page, which a client need not load again', async () => {
  await using setupOf = await startScriptedGateway();
  const response = await fetch(`${setupOf.url}/openapi.json`);
  const document = (await response.json()) as {
    openapi: string;
    paths: Record<string, Record<string, { operationId: string }>>;
    components: { schemas: Record<string, unknown> };
  };
  expect(document.openapi).toBe('3.1.0');
  expect(Object.keys(document.components.schemas)).toContain('Agent');
  const ids = Object.values(document.paths).flatMap((path) =>
    Object.values(path).map((one) => one.operationId),
  );
  expect(new Set(ids).size).toBe(ids.length);
  const unresolved = [...JSON.stringify(document).matchAll(/"\$ref":"#\/components\/(\w+)\/(\w+)"/g)].filter(
    ([, kind = '', name = '']) =>
      (document.components as Record<string, Record<string, unknown>>)[kind]?.[name] === undefined,
  );
  expect(unresolved).toEqual([]);
  const headers = { 'if-none-match': response.headers.get('etag') ?? '' };
  expect((await fetch(`${setupOf.url}/openapi.json`, { headers })).status).toBe(304);
  const page = await (await fetch(`${setupOf.url}/docs`)).text();
  expect(page).toContain('/api/v1/agents/{id}/task');
  expect(page).not.toContain('<script');
});

it('lists agents page by page, and says which parameter is wrong', async () => {
  await using kit = await startScriptedGateway({ agents });
  const list = async (query: string) => (await fetch(`${kit.url}/api/v1/agents/list?${query}`)).json();
  const first = (await list('limit=2')) as { agents: AgentView[]; cursor: string };
  expect(first.agents.map(({ id }) => id)).toEqual(['a1', 'a2']);
  const second = (await list(`limit=2&cursor=${first.cursor}`)) as { agents: AgentView[]; cursor?: string };
  expect([second.agents.map(({ id }) => id), second.cursor]).toEqual([['a3'], undefined]);
  expect(await list('type=other')).toEqual({ agents: [] });
  expect(await list('status=odd')).toMatchObject({ error: { code: 'invalid-input', field: 'status' } });
  expect(await list('limit=0')).toMatchObject({ error: { field: 'limit' } });
  expect(await list('cursor=!')).toMatchObject({ error: { field: 'cursor' } });
});
