import { type ChildProcess, spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { afterAll, afterEach, beforeAll, expect, it } from 'vitest';
import { systemClock } from '../clock/system-clock.ts';
import { silentLogger } from '../logger.ts';
import { type NatsServer, startNatsServer } from '../testing/nats-server.ts';
import { waitUntil } from '../testing/wait-until.ts';
import type { ClusterNode } from './cluster-node.ts';
import { joinCluster } from './join-cluster.ts';

let server: NatsServer;
const children: ChildProcess[] = [];
const nodes: ClusterNode[] = [];

beforeAll(async () => {
  server = await startNatsServer();
});
afterEach(async () => {
  for (const child of children.splice(0)) child.kill('SIGKILL');
  await Promise.all(nodes.splice(0).map((node) => node.leave()));
});
afterAll(() => server.dispose());

/** A process that runs as `twin` and says so when it can be reached. */
function startTwin(): Promise<ChildProcess> {
  const script = fileURLToPath(new URL('../testing/echo-process.ts', import.meta.url));
  const child = spawn(process.execPath, [script, server.url, 'twin'], {
    stdio: ['ignore', 'pipe', 'ignore'],
  });
  children.push(child);
  return new Promise((resolve, reject) => {
    child.stdout.once('data', () => resolve(child));
    child.once('exit', (code) => reject(new Error(`the process ended with ${code}`)));
  });
}

async function join(nodeId: string): Promise<ClusterNode> {
  const node = await joinCluster({
    nodeId,
    incarnation: systemClock.wallNow(),
    roles: ['host'],
    cell: 'test',
    nats: { servers: server.url },
    pid: process.pid,
    log: silentLogger,
  });
  nodes.push(node);
  return node;
}

it('refuses a second process of one id, naming the first, which goes on', async () => {
  const first = await startTwin();
  const observer = await join('observer');
  await expect(join('twin')).rejects.toMatchObject({
    code: 'node-id-taken',
    node: 'twin',
    holder: { pid: first.pid },
  });
  await waitUntil('the first is known', () => observer.presence.member('twin')?.state === 'alive');
  expect(observer.presence.member('twin')?.pid).toBe(first.pid);
});

it('lets a restarted process in at once when the former was killed', async () => {
  const first = await startTwin();
  const gone = new Promise((resolve) => first.once('exit', resolve));
  first.kill('SIGKILL');
  await gone;
  const startedAtMs = systemClock.now();
  expect((await join('twin')).nodeId).toBe('twin');
  expect(systemClock.now() - startedAtMs).toBeLessThan(1_500);
});

it('lets a process in while the former stands still, and the former ends when it runs again', async () => {
  const first = await startTwin();
  const ended = new Promise<number | null>((resolve) => first.once('exit', resolve));
  first.kill('SIGSTOP');
  const second = await join('twin');
  first.kill('SIGCONT');
  // It has nothing left to do: its actor system stopped and its connection is closed.
  expect(await ended).toBe(0);
  const observer = await join('observer');
  await waitUntil('the second is known', () => observer.presence.member('twin')?.pid === process.pid);
  expect(observer.presence.member('twin')).toMatchObject({ state: 'alive', incarnation: second.incarnation });
});
