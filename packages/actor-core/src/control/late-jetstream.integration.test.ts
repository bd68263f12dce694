import { afterEach, expect, it, vi } from 'vitest';
import { systemClock } from '../clock/system-clock.ts';
import { silentLogger } from '../logger.ts';
import type { ClusterNode } from '../node/cluster-node.ts';
import { joinCluster } from '../node/join-cluster.ts';
import { type NatsCluster, startNatsCluster } from '../testing/nats-cluster.ts';
import { waitUntil } from '../testing/wait-until.ts';
import { type Control, startControl } from './start-control.ts';

vi.setConfig({ testTimeout: 180_000, hookTimeout: 60_000 });

/** Longer than one operation of the store waits for its answer. */
const awayMs = 8_000;
const names = ['a', 'b', 'c'];

let nats: NatsCluster;
let nodes: ClusterNode[] = [];

afterEach(async () => {
  await Promise.all(nodes.map((node) => node.leave()));
  nodes = [];
  await nats.dispose();
});

it('elects a leader when JetStream answers for the first time long after all candidates have started', async (test) => {
  nats = await startNatsCluster();
  // One of three servers is a bus, and no JetStream.
  const others = nats.servers.slice(1);
  await Promise.all(others.map((server) => server.stop('SIGKILL')));
  const controls: Control[] = [];
  for (const nodeId of names) {
    const node = await joinCluster({
      nodeId,
      incarnation: 1,
      roles: ['host', 'voter'],
      cell: 'test',
      nats: { servers: nats.urls.slice(0, 1) },
      pid: process.pid,
      log: silentLogger,
    });
    nodes.push(node);
    controls.push(startControl(node, { voters: names }));
  }
  await new Promise<void>((resolve) => systemClock.setTimer(awayMs, resolve));
  expect(controls.map(({ leadership }) => leadership.state())).toEqual(['vacant', 'vacant', 'vacant']);
  await Promise.all(others.map((server) => server.start()));
  const sinceMs = systemClock.now();
  const leads = () => controls.some(({ leadership }) => leadership.state() === 'leading');
  await waitUntil('one of the candidates leads', leads, 60_000);
  await test.annotate(`a leader ${Math.round(systemClock.now() - sinceMs)} ms after the servers`);
});
