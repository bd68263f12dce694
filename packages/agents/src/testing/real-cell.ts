import { type ChildProcess, spawn } from 'node:child_process';
import { accessSync, constants, globSync, mkdtempSync, rmSync, statSync } from 'node:fs';
import { connect, createServer } from 'node:net';
import { homedir, tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { silentLogger, systemClock } from '@drover/actor-core';
import { type ClusterNode, joinCluster } from '@drover/actor-core/cluster';
import { delay } from '../client/delay.ts';
import { createAgentsClient, type OwnedAgentsClient } from '../client/create-agents-client.ts';

/** A real nats-server, hosts in processes of their own, and a client in this process. */
export interface RealCell {
  readonly client: OwnedAgentsClient;
  readonly startHost: (nodeId: string) => Promise<void>;
  /** Sends SIGKILL and waits for the exit. */
  readonly killHost: (nodeId: string) => Promise<void>;
  /** Sends SIGTERM and resolves with the exit code. */
  readonly stopHost: (nodeId: string) => Promise<number | null>;
  readonly restartNats: () => Promise<void>;
  readonly dispose: () => Promise<void>;
}

const hostProcess = fileURLToPath(new URL('../../test/host-process.ts', import.meta.url));
const startTimeoutMs = 10_000;

/** @throws Error if no nats-server is found; the message tells how to provide one */
export async function startRealCell(): Promise<RealCell> {
  const data = mkdtempSync(join(tmpdir(), 'drover-agents-'));
  const port = await freePort();
  const url = `127.0.0.1:${port}`;
  const children = new Map<string, ChildProcess>();
  const end = async (name: string, signal: NodeJS.Signals): Promise<number | null> => {
    const child = children.get(name);
    children.delete(name);
    if (!child) return null;
    const gone = new Promise<number | null>((resolve) => child.once('exit', resolve));
    child.kill(signal);
    return gone;
  };
  const startNats = async (): Promise<void> => {
    const args = ['-a', '127.0.0.1', '-p', String(port), '-js', '-sd', data];
    children.set('nats', spawn(findNatsServer(), args, { stdio: 'ignore' }));
    const untilMs = systemClock.now() + startTimeoutMs;
    while (!(await canConnect(port))) {
      if (systemClock.now() > untilMs) throw new Error(`nats-server does not listen on port ${port}`);
      await delay(systemClock, 20);
    }
  };
  await startNats();
  const node: ClusterNode = await joinCluster({
    nodeId: 'gateway',
    incarnation: 1,
    roles: ['gateway'],
    cell: 'agents',
    nats: { servers: url },
    pid: process.pid,
    log: silentLogger,
  });
  const client = createAgentsClient(node);
  return {
    client,
    async startHost(nodeId) {
      const child = spawn(process.execPath, [hostProcess, nodeId, url], {
        stdio: ['pipe', 'pipe', 'inherit'],
      });
      children.set(nodeId, child);
      await new Promise<void>((resolve, reject) => {
        child.stdout?.once('data', () => resolve());
        child.once('exit', (code) => reject(new Error(`${nodeId} ended with ${code} before it was ready`)));
      });
    },
    async killHost(nodeId) {
      await end(nodeId, 'SIGKILL');
    },
    stopHost: (nodeId) => end(nodeId, 'SIGTERM'),
    async restartNats() {
      await end('nats', 'SIGKILL');
      await startNats();
    },
    async dispose() {
      await client.close();
      await node.leave();
      for (const name of [...children.keys()].toReversed()) await end(name, 'SIGKILL');
      rmSync(data, { recursive: true, force: true });
    },
  };
}

/** `DROVER_NATS_SERVER`, else PATH, else what `drover up` has fetched into its cache. */
function findNatsServer(): string {
  const cache = join(process.env['XDG_CACHE_HOME'] ?? join(homedir(), '.cache'), 'drover');
  const candidates = [
    process.env['DROVER_NATS_SERVER'] ?? '',
    ...(process.env['PATH'] ?? '').split(delimiter).map((folder) => join(folder, 'nats-server')),
    ...globSync(join(cache, '**', 'nats-server')),
  ];
  const found = candidates.find((path) => path !== '' && isExecutable(path));
  if (found !== undefined) return found;
  throw new Error(
    'no nats-server found: set DROVER_NATS_SERVER, put one on PATH, or let "drover up" fetch it once',
  );
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    // A folder can be executable, too.
    return statSync(path).isFile();
  } catch {
    return false;
  }
}

function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const probe = createServer();
    probe.once('error', reject);
    probe.listen(0, '127.0.0.1', () => {
      const address = probe.address();
      probe.close(() => resolve(typeof address === 'object' && address !== null ? address.port : 0));
    });
  });
}

function canConnect(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1');
    socket.once('connect', () => {
      socket.destroy();
      resolve(true);
    });
    socket.once('error', () => resolve(false));
  });
}
