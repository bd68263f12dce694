import { silentLogger, systemClock } from '@drover/actor-core';
import { createTestHub, createTestNode } from '@drover/actor-core/testing';
import { serveAdminJobs } from '@drover/fleet';
import { afterEach, expect, it } from 'vitest';
import { startGateway } from '../gateway.ts';
import { accessKeyText } from '../keys/access-key.ts';
import { createKey } from '../keys/change-key.ts';
import { followKeys } from '../keys/follow-keys.ts';
import { keepKeysBucket } from '../keys/keep-keys-bucket.ts';
import { keyStoreOf } from '../keys/key-store.ts';
import { noAgents } from '../testing/no-agents.ts';
import { until } from '../testing/until.ts';
import { auditSigner, newAuditKey } from './audit-key.ts';
import { defaultRetention } from './audit-store.ts';
import { keepAuditLog } from './keep-audit-log.ts';

const ends: (() => Promise<void> | void)[] = [];

afterEach(async () => {
  for (const end of ends.splice(0).toReversed()) await end();
});

/** A gateway with an admin key and a user key, and a store that may have no stream for the records. */
async function setup({
  hasAudit = true,
  audit = 'requests',
}: {
  readonly hasAudit?: boolean;
  readonly audit?: 'requests' | 'acts';
} = {}) {
  const hub = createTestHub({ clock: systemClock });
  const host = createTestNode(hub, { nodeId: 'host', roles: ['host'] });
  const node = createTestNode(hub, { nodeId: 'gw', roles: ['gateway'] });
  ends.push(keepKeysBucket(host), serveAdminJobs(host));
  if (hasAudit) ends.push(keepAuditLog(host, defaultRetention));
  const keys = followKeys({ store: keyStoreOf(host), clock: systemClock, log: silentLogger });
  ends.push(() => keys.close());
  await keys.known;
  const texts: string[] = [];
  for (const role of ['admin', 'user'] as const) {
    const made = createKey({ name: role, roles: [role], tenant: 'acme' }, systemClock.wallNow());
    keys.ring.take(await keys.store.put(made.record));
    texts.push(accessKeyText(made.key));
  }
  const head = { read: () => undefined, write: () => undefined };
  const gateway = await startGateway(node, {
    port: 0,
    agents: noAgents,
    keys,
    audit,
    auditFiles: { signer: auditSigner(newAuditKey()), head },
  });
  ends.push(() => gateway.stop({ drainTimeoutMs: 0 }));
  const [admin = '', user = ''] = texts;
  const ask = (route: string, key: string | undefined, body?: object) => {
    const [method = '', path = ''] = route.split(' ');
    return fetch(gateway.url + path, {
      method,
      headers: {
        ...(key !== undefined && { authorization: `Bearer ${key}` }),
        'x-drover-request-id': `id${path.replaceAll('/', '-')}`,
      },
      ...(body !== undefined && { body: JSON.stringify(body) }),
    });
  };
  const records = async () => {
    const answer = await (await ask('GET /api/v1/audit?limit=1000', admin)).json();
    return (answer as { records: Record<string, unknown>[] }).records;
  };
  return { ask, admin, user, records, gateway };
}

it('records a denial before its answer: who, from where, what, and why', async () => {
  const { ask, user, admin, records } = await setup();
  expect((await ask('GET /api/v1/keys', user)).status).toBe(403);
  expect((await ask('GET /metrics', undefined)).status).toBe(401);
  const stranger = `drover_0123456789abcdef_${'s'.repeat(43)}`;
  expect((await ask(`GET /nothing/${stranger}?key=${stranger}`, stranger)).status).toBe(401);
  const denied = (await records()).filter(({ kind }) => kind === 'denied');
  expect(denied).toMatchObject([
    {
      tenant: 'acme',
      roles: ['user'],
      right: 'administer',
      status: 403,
      code: 'not-allowed',
      address: '127.0.0.1',
    },
    { route: '/metrics', request: 'id-metrics', status: 401, code: 'key-required' },
    {
      claimedKey: '0123456789abcdef',
      route: expect.stringContaining('/nothing/drover_') as string,
      code: 'key-invalid',
    },
  ]);
  expect(denied[1]).not.toHaveProperty('key');
  const text = JSON.stringify(await records());
  for (const secret of [stranger, user, admin]) expect(text).not.toContain(secret.slice(-43));
});

it('records an act before it begins and before its answer, with what it was done to', async () => {
  const { ask, admin, records } = await setup();
  const made = (await (await ask('POST /api/v1/keys', admin, { name: 'ci' })).json()) as {
    id: string;
    key: string;
  };
  await ask(`DELETE /api/v1/keys/${made.key}`, admin);
  const acts = (await records()).filter(({ kind, method }) => kind === 'act' && method !== 'GET');
  expect(acts).toMatchObject([
    { phase: 'begin', method: 'POST', route: '/api/v1/keys', right: 'administer', tenant: 'acme' },
    { phase: 'end', target: `key=${made.id}`, status: 201 },
    { phase: 'begin', method: 'DELETE', target: `key=drover_${made.id}_…` },
    { phase: 'end', status: 404, code: 'key-not-found' },
  ]);
  expect(JSON.stringify(acts)).not.toContain(made.key.slice(-43));
});

it('records requests to data after their answer, and not at all where only acts are wanted', async () => {
  for (const audit of ['requests', 'acts'] as const) {
    const { ask, user, records } = await setup({ audit });
    for (const id of ['one', 'two']) expect((await ask(`GET /api/v1/why/${id}`, user)).status).toBe(404);
    const found = async () => (await records()).filter(({ kind }) => kind === 'request');
    if (audit === 'acts') expect(await found()).toEqual([]);
    else {
      await until(async () => (await found()).length === 2, 'the records of the requests');
      expect(await found()).toMatchObject([
        { right: 'data', route: '/api/v1/why/{requestId}', target: 'requestId=one', status: 404 },
        { target: 'requestId=two', status: 404 },
      ]);
    }
  }
});

it('does no act and lets nobody in or out unrecorded while the store takes no record, but serves data', async () => {
  const { ask, admin, user } = await setup({ hasAudit: false });
  const refused = await ask('POST /api/v1/keys', admin, { name: 'ci' });
  expect(refused.status).toBe(503);
  expect(refused.headers.get('retry-after')).toBeTruthy();
  expect(await refused.json()).toMatchObject({ error: { code: 'audit-unavailable' } });
  // The doctor asks for it when the store is ill.
  const proof = await (await ask('POST /api/v1/proofs/store', admin, {})).text();
  expect(proof).not.toContain('audit-unavailable');
  const denied = await ask('GET /metrics', undefined);
  expect(denied.status).toBe(503);
  expect(denied.headers.get('www-authenticate')).toBeNull();
  expect((await ask('GET /api/v1/why/nothing', user)).status).toBe(404);
  const status = (await (await ask('GET /api/v1/status', admin)).json()) as { audit: object };
  expect(status.audit).toMatchObject({ chain: 'gw', isOpen: false, failing: { reason: expect.any(String) } });
}, 30_000);

it('counts a flood of denials together, so that it takes no room from other records', async () => {
  const { ask, records } = await setup();
  const statuses = await Promise.all(
    Array.from({ length: 150 }, async () => (await ask('GET /metrics', 'nobody')).status),
  );
  expect(new Set(statuses)).toEqual(new Set([401]));
  const denied = (await records()).filter(({ kind }) => kind === 'denied');
  const counted = denied.reduce((sum, { count }) => sum + ((count as number | undefined) ?? 1), 0);
  expect(counted).toBe(150);
  expect(denied.at(-1)).toMatchObject({ code: 'many' });
}, 120_000);
