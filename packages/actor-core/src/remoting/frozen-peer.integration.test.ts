import { type ChildProcess, spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, expect, it } from 'vitest';
import type { ActorRef } from '../actor/actor-ref.ts';
import { receive } from '../actor/behaviour.ts';
import { props } from '../cell/create-props.ts';
import { systemClock } from '../clock/system-clock.ts';
import { silentLogger } from '../logger.ts';
import type { ClusterNode } from '../node/cluster-node.ts';
import { joinCluster } from '../node/join-cluster.ts';
import type { Echo } from '../testing/echo-process.ts';
import { type NatsServer, startNatsServer } from '../testing/nats-server.ts';
import { settle } from '../testing/settle.ts';
import { waitUntil } from '../testing/wait-until.ts';

const messages = 1_000_000;
/** A gigabyte in all. */
const padding = 'x'.repeat(1_000);
const mostGrowthBytes = 400 * 1024 * 1024;

let server: NatsServer;
let node: ClusterNode;
let peer: ChildProcess;

beforeEach(async () => {
  server = await startNatsServer();
  const script = fileURLToPath(new URL('../testing/echo-process.ts', import.meta.url));
  peer = spawn(process.execPath, [script, server.url, 'far'], { stdio: ['ignore', 'pipe', 'inherit'] });
  await new Promise((resolve, reject) => {
    peer.stdout?.once('data', resolve);
    peer.once('exit', (code) => reject(new Error(`the echo process ended with ${code}`)));
  });
  node = await joinCluster({
    nodeId: 'near',
    incarnation: systemClock.wallNow(),
    roles: ['host'],
    cell: 'test',
    nats: { servers: server.url },
    pid: process.pid,
    log: silentLogger,
  });
});

afterEach(async () => {
  peer.kill('SIGKILL');
  await node.leave();
  await server.dispose();
});

/** Tells the echo a million times, `pause` after every thousand; returns the most that this process grew meanwhile. */
async function flood(pause: () => Promise<void> | undefined): Promise<number> {
  const echo = node.system.refFor<Echo & { padding: string }>('far', 'echo');
  const replyTo: ActorRef<number> = node.system.spawn(props<number>(() => receive(() => undefined)));
  const before = process.memoryUsage().rss;
  let most = 0;
  for (let value = 1; value <= messages; value++) {
    echo.tell({ value, replyTo, padding });
    if (value % 1_000 !== 0) continue;
    most = Math.max(most, process.memoryUsage().rss - before);
    await pause();
  }
  return most;
}

const answer = () =>
  node.system
    .ask<Echo, number>(node.system.refFor('far', 'echo'), (replyTo) => ({ value: 7, replyTo }), {
      timeoutMs: 500,
    })
    .catch(() => undefined);

it('a frozen peer costs its sender a bounded amount of memory, is counted, and is reached again', {
  timeout: 120_000,
}, async () => {
  peer.kill('SIGSTOP');
  // All within one turn of the event loop: nothing can leave this process meanwhile.
  const burst = await flood(() => undefined);
  const { deadLetters } = node.system.counters();
  expect(deadLetters['bus-overloaded']).toBeGreaterThan(messages / 2);
  expect(deadLetters['bus-overloaded']).toBeLessThan(messages);
  // And as fast as the server takes it, which holds it for the frozen one up to a limit of its own.
  const stream = await flood(() => settle(1));
  expect(burst).toBeLessThan(mostGrowthBytes);
  expect(stream).toBeLessThan(mostGrowthBytes);
  await waitUntil('it is missed', () => node.presence.member('far')?.state === 'unreachable');
  peer.kill('SIGCONT');
  const deadlineMs = systemClock.now() + 30_000;
  while ((await answer()) !== 7) expect(systemClock.now()).toBeLessThan(deadlineMs);
});
