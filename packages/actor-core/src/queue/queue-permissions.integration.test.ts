import { afterAll, beforeAll, expect, it } from 'vitest';
import { systemClock } from '../clock/system-clock.ts';
import { silentLogger } from '../logger.ts';
import type { ClusterNode } from '../node/cluster-node.ts';
import { joinCluster } from '../node/join-cluster.ts';
import { systemRandom } from '../random/system-random.ts';
import { eventually } from '../testing/jetstream.ts';
import { type NatsServer, startNatsServer } from '../testing/nats-server.ts';
import { connectNats } from '../transport/connect-nats.ts';
import { permissionsOf } from '../transport/permissions.ts';
import type { Role } from '../transport/roles.ts';
import { createSubjects } from '../transport/subjects.ts';
import type { Queues } from './queues.ts';
import { startQueues } from './start-queues.ts';
import { tenantQueuePermissions } from './tenant-queue-permissions.ts';

const cell = 'test';
const roles: Record<string, Role> = { gate: 'gateway', agent: 'node-agent', host: 'host' };
const complaints: string[] = [];
const log = {
  ...silentLogger,
  warn: (_fields: object, message: string) => void complaints.push(message),
  error: (_fields: object, message: string) => void complaints.push(message),
};
const nodes: Record<string, ClusterNode> = {};
const queues: Record<string, Queues> = {};
let server: NatsServer;

beforeAll(async () => {
  const subjects = createSubjects(cell);
  const users = Object.entries(roles).map(([user, role]) => ({
    user,
    password: user,
    permissions: permissionsOf(subjects, user, [role]),
  }));
  const tenant = {
    user: 'tenant-acme',
    password: 'tenant-acme',
    permissions: tenantQueuePermissions(cell, 'standard', 'acme'),
  };
  const configuration = `authorization { users: ${JSON.stringify([...users, tenant])} }`;
  server = await startNatsServer({ configuration });
  for (const [nodeId, role] of Object.entries(roles)) {
    const nats = { servers: server.url, user: nodeId, pass: nodeId };
    const node = await joinCluster({
      nodeId,
      incarnation: systemClock.wallNow(),
      roles: [role],
      cell,
      nats,
      pid: process.pid,
      log,
    });
    nodes[nodeId] = node;
    queues[nodeId] = startQueues(node);
  }
  await eventually(() =>
    gate()
      .put(at, { id: 'first', body: new Uint8Array(1) })
      .then(
        () => true,
        () => false,
      ),
  );
});

afterAll(async () => {
  for (const one of Object.values(queues)) one.close();
  await Promise.all(Object.values(nodes).map((node) => node.leave()));
  await server.dispose();
});

const at = { tenant: 'acme', queue: 'q' };
const gate = () => queues.gate as Queues;

it('permits a gateway everything that queues need', async () => {
  complaints.length = 0;
  const queue = { ...at, queue: 'all' };
  await gate().put(queue, { id: 'a', body: new Uint8Array(1) });
  await gate().put(queue, { id: 'b', body: new Uint8Array(1), delayMs: 60_000, priority: 3 });
  const [message] = await gate().take(queue, { waitMs: 5_000, leaseMs: 5_000 });
  if (message === undefined) throw new Error('no message');
  expect(await gate().extend(queue, message)).toBe('settled');
  expect(await gate().ack(queue, message)).toBe('settled');
  expect(await gate().cancel(queue, 'b')).toBe(true);
  await gate().remove(queue, { discardsMessages: true });
  expect(complaints).toEqual([]);
});

it('refuses a node-agent every message and every queue', async () => {
  const agent = nodes.agent as ClusterNode;
  const subject = 'd1.test.q.standard.acme.q.p9.forged';
  const before = await logInfo();
  agent.transport.publish(subject, new Uint8Array(1));
  await expect((queues.agent as Queues).put(at, { id: 'x', body: new Uint8Array(1) })).rejects.toMatchObject({
    code: 'store-unavailable',
  });
  expect(await logInfo()).toBe(before);
});

it('lets the credential of a tenant put into its own queues, and NATS refuses those of another', async () => {
  const user = 'tenant-acme';
  const parts = { clock: systemClock, random: systemRandom, log: silentLogger };
  const transport = await connectNats({ node: user, servers: [server.url], user, pass: user, ...parts });
  try {
    const put = (tenant: string) =>
      transport.request(`d1.test.q.standard.${tenant}.q.p9.direct`, new Uint8Array(1), { timeoutMs: 500 });
    const answer = JSON.parse(new TextDecoder().decode(await put('acme'))) as { readonly stream?: string };
    expect(answer.stream).toBe('Q_test_T_standard');
    const before = await logInfo();
    await expect(put('other')).rejects.toThrow();
    expect(await logInfo()).toBe(before);
    expect((await gate().take(at, { max: 5, waitMs: 5_000 })).map(({ id }) => id)).toContain('direct');
  } finally {
    await transport.close();
  }
});

async function logInfo(): Promise<number> {
  return (await (nodes.host as ClusterNode).storage.log.info('Q_test_T_standard')).lastSequence;
}
