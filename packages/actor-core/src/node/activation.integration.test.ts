import { afterAll, beforeAll, expect, it } from 'vitest';
import { systemClock } from '../clock/system-clock.ts';
import { silentLogger } from '../logger.ts';
import { type NatsCluster, startNatsCluster } from '../testing/nats-cluster.ts';
import type { ClusterNode } from './cluster-node.ts';
import { joinCluster } from './join-cluster.ts';

const joins = 20;
let cluster: NatsCluster;

beforeAll(async () => {
  cluster = await startNatsCluster();
}, 60_000);
afterAll(() => cluster.dispose());

const join = (nodeId: string, server: number): Promise<ClusterNode> =>
  joinCluster({
    nodeId,
    incarnation: systemClock.wallNow(),
    roles: ['host'],
    cell: 'test',
    nats: { servers: [cluster.urls[server] as string] },
    pid: process.pid,
    log: silentLogger,
  });

it('makes a node known once those at other NATS servers can reach it', { timeout: 60_000 }, async () => {
  const near = await join('near', 0);
  const outcomes: string[] = [];
  for (let i = 0; i < joins; i++) {
    const heard = Promise.withResolvers<void>();
    const unlisten = near.presence.onChange(({ node, state }) => {
      if (node !== `far-${i}` || state !== 'alive') return;
      // At the first announcement of the node.
      near.system
        .ask(near.system.refFor<unknown>(node, 'nobody'), (replyTo) => ({ replyTo }), { timeoutMs: 1_000 })
        .catch((error: { code: string }) => outcomes.push(error.code))
        .finally(heard.resolve);
    });
    const far = await join(`far-${i}`, 1 + (i % 2));
    await heard.promise;
    unlisten();
    await far.leave();
  }
  await near.leave();
  expect(outcomes).toEqual(Array.from({ length: joins }, () => 'actor-not-found'));
});

it('lets a node that joined be reached by a process that learns its address in another way', {
  timeout: 120_000,
}, async () => {
  const near = await join('near', 0);
  const outcomes: string[] = [];
  for (let i = 0; i < joins; i++) {
    const far = await join(`away-${i}`, 1 + (i % 2));
    await near.system
      .ask(near.system.refFor<unknown>(far.nodeId, 'nobody'), (replyTo) => ({ replyTo }), { timeoutMs: 500 })
      .catch((error: { code: string }) => outcomes.push(error.code));
    await far.leave();
  }
  await near.leave();
  expect(outcomes).toEqual(Array.from({ length: joins }, () => 'actor-not-found'));
});
