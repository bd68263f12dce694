import { type ChildProcess, spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { receive, setup } from '../actor/behaviour.ts';
import { props } from '../cell/create-props.ts';
import { systemClock } from '../clock/system-clock.ts';
import { silentLogger } from '../logger.ts';
import type { Echo } from '../testing/echo-process.ts';
import { type NatsServer, startNatsServer } from '../testing/nats-server.ts';
import { waitUntil } from '../testing/wait-until.ts';
import type { ClusterNode } from './cluster-node.ts';
import { joinCluster } from './join-cluster.ts';

let server: NatsServer;
let node: ClusterNode;
let other: ChildProcess;

function startEcho(): Promise<ChildProcess> {
  const script = fileURLToPath(new URL('../testing/echo-process.ts', import.meta.url));
  const child = spawn(process.execPath, [script, server.url, 'far'], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  return new Promise((resolve, reject) => {
    child.stdout.once('data', () => resolve(child));
    child.once('exit', (code) => reject(new Error(`the echo process ended with ${code}`)));
  });
}

const askEcho = (value: number, timeoutMs = 1_000): Promise<number> =>
  node.system.ask<Echo, number>(node.system.refFor('far', 'echo'), (replyTo) => ({ value, replyTo }), {
    timeoutMs,
  });

beforeEach(async () => {
  server = await startNatsServer();
  const options = {
    nodeId: 'near',
    incarnation: systemClock.wallNow(),
    roles: ['host'] as const,
    cell: 'test',
  };
  node = await joinCluster({
    ...options,
    nats: { servers: server.url },
    pid: process.pid,
    log: silentLogger,
  });
  other = await startEcho();
});

afterEach(async () => {
  other.kill('SIGKILL');
  await node.leave();
  await server.dispose();
});

it('reaches an actor of another process, also once NATS is back from a restart', async () => {
  expect(await askEcho(1)).toBe(1);
  await server.stop('SIGKILL');
  await waitUntil('the loss is noticed', () => !node.transport.connected);
  await expect(askEcho(2)).rejects.toMatchObject({ code: 'bus-unavailable' });
  await server.start();
  const since = systemClock.now();
  for (;;) {
    const answer = await askEcho(3, 100).catch(() => undefined);
    if (answer === 3) break;
    await new Promise<void>((resolve) => systemClock.setTimer(5, resolve));
  }
  // Both sides reconnect on their own, each after 250 ms at most.
  expect(systemClock.now() - since).toBeLessThan(1_000);
});

it('tells the watcher of an actor whose process is killed within 5 s, and finds its next life', async () => {
  const told: string[] = [];
  node.system.spawn(
    props<never>(() =>
      setup((context) => {
        context.watch(node.system.refFor('far', 'echo'));
        return receive<never>(
          () => undefined,
          (signal) => void told.push(signal.type === 'terminated' ? signal.reason : signal.type),
        );
      }),
    ),
  );
  expect(await askEcho(1)).toBe(1);
  other.kill('SIGKILL');
  await waitUntil('it is told', () => told.length > 0, 5_000);
  expect(told).toEqual(['node-down']);
  other = await startEcho();
  expect(await askEcho(2)).toBe(2);
});
