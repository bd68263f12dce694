import { type ChildProcess, spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { silentLogger } from '@drover/actor-core';
import { joinCluster } from '@drover/actor-core/cluster';
import { startNatsServer } from '@drover/actor-core/testing';
import { createAgentsClient, type OwnedAgentsClient } from '../client/create-agents-client.ts';

/** A real nats-server, hosts in processes of their own, and a client in this process. */
export interface RealCell {
  readonly client: OwnedAgentsClient;
  readonly startHost: (nodeId: string) => Promise<void>;
  /** Sends SIGKILL and waits for the exit. */
  readonly killHost: (nodeId: string) => Promise<void>;
  /** Sends SIGTERM and resolves with the exit code. */
  readonly stopHost: (nodeId: string) => Promise<number | null>;
  /** Kills nats-server and starts it again with the same data. */
  readonly restartNats: () => Promise<void>;
  readonly dispose: () => Promise<void>;
}

const hostProcess = fileURLToPath(new URL('../../test/host-process.ts', import.meta.url));

/** @throws Error if no nats-server is found; the message tells how to provide one */
export async function startRealCell(): Promise<RealCell> {
  const nats = await startNatsServer();
  const hosts = new Map<string, ChildProcess>();
  const node = await joinCluster({
    nodeId: 'gateway',
    incarnation: 1,
    roles: ['gateway'],
    cell: 'agents',
    nats: { servers: nats.url },
    pid: process.pid,
    log: silentLogger,
  });
  const client = createAgentsClient(node);
  const end = (nodeId: string, signal: NodeJS.Signals): Promise<number | null> => {
    const host = hosts.get(nodeId);
    hosts.delete(nodeId);
    return host === undefined ? Promise.resolve(null) : endProcess(host, signal);
  };
  return {
    client,
    async startHost(nodeId) {
      hosts.set(nodeId, await startHostProcess(nodeId, nats.url));
    },
    async killHost(nodeId) {
      await end(nodeId, 'SIGKILL');
    },
    stopHost: (nodeId) => end(nodeId, 'SIGTERM'),
    async restartNats() {
      await nats.stop('SIGKILL');
      await nats.start();
    },
    async dispose() {
      await client.close();
      await node.leave();
      for (const nodeId of hosts.keys()) await end(nodeId, 'SIGKILL');
      await nats.dispose();
    },
  };
}

/** Resolves once the process has written its ready line. */
async function startHostProcess(nodeId: string, natsUrl: string): Promise<ChildProcess> {
  const child = spawn(process.execPath, [hostProcess, nodeId, natsUrl], {
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  await new Promise<void>((resolve, reject) => {
    child.stdout.once('data', () => resolve());
    child.once('exit', (code) => reject(new Error(`${nodeId} exited with ${code} before it was ready`)));
  });
  return child;
}

function endProcess(child: ChildProcess, signal: NodeJS.Signals): Promise<number | null> {
  const exited = new Promise<number | null>((resolve) => child.once('exit', resolve));
  child.kill(signal);
  return exited;
}
