import { afterAll, beforeAll } from 'vitest';
import { systemClock } from '../clock/system-clock.ts';
import { silentLogger } from '../logger.ts';
import { joinCluster } from '../node/join-cluster.ts';
import type { ClusterNode } from '../node/cluster-node.ts';
import { eventually } from '../testing/jetstream.ts';
import { memoryContract } from '../testing/memory-contract.ts';
import { type NatsCluster, startNatsCluster } from '../testing/nats-cluster.ts';
import { startNatsServer } from '../testing/nats-server.ts';

// Elections and replication of three servers on one machine take their time.

function join(servers: readonly string[], nodeId: string): Promise<ClusterNode> {
  const incarnation = systemClock.wallNow();
  const rest = { incarnation, roles: ['host'] as const, cell: 'test', pid: process.pid, log: silentLogger };
  return joinCluster({ nodeId, nats: { servers }, ...rest });
}

memoryContract('one nats-server', async () => {
  const server = await startNatsServer();
  const nodes = [await join([server.url], 'one'), await join([server.url], 'two')] as const;
  const dispose = async () => {
    await Promise.all(nodes.map((node) => node.leave()));
    await server.dispose();
  };
  return { nodes: [...nodes], eventually, dispose };
});

let cluster: NatsCluster;
beforeAll(async () => {
  cluster = await startNatsCluster();
});
afterAll(() => cluster.dispose());

memoryContract('three nats-servers', async () => {
  const urls = cluster.urls as readonly [string, string, string];
  const nodes = [await join(urls, 'one'), await join(urls.toReversed(), 'two')] as const;
  const dispose = async () => {
    await Promise.all(nodes.map((node) => node.leave()));
  };
  return {
    nodes: [...nodes],
    replicas: 3,
    eventually: (condition) => eventually(condition, 50_000),
    dispose,
  };
});
