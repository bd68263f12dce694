import { execFileSync } from 'node:child_process';
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startNatsServer } from '@drover/actor-core/testing';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { type Cluster, joinRole, runDrover, startCluster, stopLeftovers } from '../lib/cluster.ts';
import { startSimHost, stopSimHosts } from '../lib/sim-host.ts';
import { waitUntil } from '../lib/wait-until.ts';

const ends: (() => void)[] = [];

async function endEverything(): Promise<void> {
  await stopLeftovers();
  await stopSimHosts();
  for (const end of ends.splice(0).toReversed()) end();
}

const patience = { timeoutMs: 30_000 };

interface Check {
  readonly check: string;
  readonly ok: boolean;
  readonly detail: string;
  readonly fix: string;
}

/** Findings of the doctor by check, and its exit code. */
async function askDoctor(
  url: string,
  dataDir: string,
  ...flags: string[]
): Promise<{ code: number; faults: Record<string, Check>; all: readonly Check[] }> {
  const args = ['doctor', '--json', '--url', url, '--data', dataDir, ...flags];
  const { code, stdout } = await runDrover(args, { timeoutMs: 60_000 });
  const all = JSON.parse(stdout) as Check[];
  const faults = Object.fromEntries(all.filter(({ ok }) => !ok).map((check) => [check.check, check]));
  for (const { fix } of Object.values(faults)) expect(fix).not.toBe('');
  return { code, faults, all };
}

interface SpawnAnswer {
  readonly status: number;
  readonly body: {
    readonly id?: string;
    readonly error?: { readonly code: string; readonly message: string };
  };
}

async function spawnAgent(url: string): Promise<SpawnAnswer> {
  const response = await fetch(`${url}/api/v1/agents/spawn`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ type: 'assistant', model: 'sim-count' }),
    signal: AbortSignal.timeout(30_000),
  });
  return { status: response.status, body: (await response.json()) as SpawnAnswer['body'] };
}

async function statusOfAgent(url: string, id: string): Promise<number> {
  const response = await fetch(`${url}/api/v1/agents/${id}`, { signal: AbortSignal.timeout(30_000) });
  await response.body?.cancel();
  return response.status;
}

async function agentIds(url: string): Promise<string[]> {
  const response = await fetch(`${url}/api/v1/agents`, { signal: AbortSignal.timeout(30_000) });
  return ((await response.json()) as { agents: { id: string }[] }).agents.map(({ id }) => id);
}

async function storeStatus(cluster: Cluster): Promise<string | undefined> {
  const response = await fetch(`${cluster.url}/api/v1/status`);
  return ((await response.json()) as { store?: { code: string } }).store?.code;
}

/** A file system of 24 MiB; undefined if this user may not mount one. */
function smallDisk(): string | undefined {
  const folder = mkdtempSync(join(tmpdir(), 'drover-small-'));
  ends.push(() => rmSync(folder, { recursive: true, force: true }));
  try {
    execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=24m', 'drover-test', folder], { stdio: 'ignore' });
  } catch {
    return undefined;
  }
  ends.push(() => execFileSync('umount', ['-l', folder]));
  return folder;
}

function fill(folder: string): void {
  for (let index = 0; ; index++) {
    try {
      writeFileSync(join(folder, `fill-${index}`), Buffer.alloc(4_096));
    } catch {
      return;
    }
  }
}

function makeRoom(folder: string): void {
  for (const name of readdirSync(folder)) if (name.startsWith('fill-')) rmSync(join(folder, name));
}

describe('a healthy fleet', () => {
  let cluster: Cluster;
  beforeAll(async () => {
    cluster = await startCluster(['--sim', '2']);
  });
  afterAll(endEverything);

  it('passes the doctor, which performs a fenced write, a read and, with --deep, one token of each Ollama', async () => {
    const { code, faults, all } = await askDoctor(cluster.url, cluster.dataDir, '--deep');
    expect(faults).toEqual({});
    expect(code).toBe(0);
    const detail = (name: string): string | undefined => all.find(({ check }) => check === name)?.detail;
    expect(detail('tokens')).toBe('2 of 2 Ollamas answered a token');
    expect(detail('memory')).toMatch(/^the gateway is \d+ ms behind$/);
    expect(detail('queues')).toBe('0 in use, 0 messages wait, none is dead');
    expect(detail('quarantine')).toBe('all stored state was accepted');
    expect(detail('store')).toMatch(/^host-1 wrote under fence \d+ in \d+ ms and read it back in \d+ ms/);
  });

  it('refuses a second node-agent with the same name, and ends a first one that was paused too long', async () => {
    const host = await startSimHost();
    const args = ['node-agent', '--id', 'twin', '--ollama', host.url];
    const first = await joinRole(cluster, args, 'twin');
    const second = await runDrover([...args, '--data', cluster.dataDir]);
    expect(second.code).toBe(4);
    expect(second.stderr).toContain(`the node id twin is in use by another process (pid ${first.pid}`);
    expect(second.stderr).toContain('--id');
    expect((await askDoctor(cluster.url, cluster.dataDir)).faults['names']).toBeUndefined();
    // The id of a killed process is free at once.
    process.kill(first.pid, 'SIGKILL');
    await first.exited;
    const third = await joinRole(cluster, args, 'twin');
    // A frozen process loses its id, and ends when it runs again.
    process.kill(third.pid, 'SIGSTOP');
    await joinRole(cluster, args, 'twin');
    process.kill(third.pid, 'SIGCONT');
    expect(await third.exited).toBe(4);
  }, 120_000);
});

describe('a fleet with a fault', () => {
  afterEach(endEverything);

  it('reports store-full when the disk is full: in doctor, status, log and the answer to a spawn, until there is room', async (context) => {
    const folder = smallDisk();
    if (folder === undefined) {
      context.skip('mounting a small file system needs root');
      return;
    }
    const data = join(folder, 'data');
    const cluster = await startCluster(['--sim', '1', '--data', data]);
    const kept = [(await spawnAgent(cluster.url)).body.id ?? 'refused'];
    fill(folder);
    await waitUntil(
      'a spawn is refused for the store',
      async () => {
        const { body } = await spawnAgent(cluster.url);
        if (body.id !== undefined) kept.push(body.id);
        return body.error?.code === 'store-full';
      },
      { timeoutMs: 60_000 },
    );
    const refused = await spawnAgent(cluster.url);
    expect(refused.status).toBe(503);
    expect(refused.body.error?.message).toContain('disk is full');
    await waitUntil('status reports it', async () => (await storeStatus(cluster)) === 'store-full', patience);
    const shown = await runDrover(['status', '--url', cluster.url]);
    expect(shown.stdout).toContain('STORE store-full');
    expect(cluster.stderr()).toContain('disk is full');
    const { code, faults } = await askDoctor(cluster.url, data);
    expect(code).toBe(1);
    expect(faults['store']?.detail).toMatch(/^store-full/);
    expect(faults['store']?.fix).toContain('Make room');
    expect(faults['disk']?.detail).toMatch(/^0 MiB free/);
    // With room again, everything works within 30 s without a person.
    makeRoom(folder);
    await waitUntil(
      'agents are spawned again',
      async () => {
        const { body } = await spawnAgent(cluster.url);
        if (body.id !== undefined) kept.push(body.id);
        return body.id !== undefined;
      },
      patience,
    );
    // Nothing that was acknowledged is gone, and nothing that was refused appears.
    expect((await agentIds(cluster.url)).toSorted()).toEqual(kept.toSorted());
    expect(cluster.events).toContainEqual(
      expect.objectContaining({ event: 'remedy', action: 'restart', cause: 'disk-full' }),
    );
    expect((await askDoctor(cluster.url, data)).faults['store']).toBeUndefined();
  }, 180_000);

  it('reports lost data when the store was deleted, and goes on with an empty one', async () => {
    const cluster = await startCluster(['--sim', '1']);
    const { status, body } = await spawnAgent(cluster.url);
    expect(status).toBe(201);
    rmSync(join(cluster.dataDir, 'jetstream'), { recursive: true, force: true });
    const before = await askDoctor(cluster.url, cluster.dataDir);
    expect(before.code).toBe(1);
    expect(before.faults['store folder']?.detail).toMatch(/^store-missing/);
    process.kill(cluster.ready.nats.pid as number, 'SIGKILL');
    await waitUntil(
      'agents are spawned again, and the lost one is unknown',
      async () =>
        (await spawnAgent(cluster.url)).status === 201 &&
        (await statusOfAgent(cluster.url, body.id ?? '')) === 404,
      patience,
    );
    const after = await askDoctor(cluster.url, cluster.dataDir);
    expect(after.code).toBe(1);
    expect(after.faults['store']?.detail).toMatch(/^data-lost/);
    expect(after.faults['store']?.fix).toContain('restore the data folder');
    expect(cluster.stderr()).toContain('the log of the group was lost');
  }, 180_000);

  it('has a doctor that names a host that refuses all requests, and a host whose Ollama is gone', async () => {
    const [refusing, gone] = await Promise.all([startSimHost(), startSimHost()]);
    const cluster = await startCluster(['--ollama', refusing.url, '--ollama', gone.url]);
    await fetch(`${refusing.url}/sim/fault`, { method: 'POST', body: '{"kind":"503"}' });
    process.kill(gone.pid, 'SIGKILL');
    await waitUntil(
      'the second is down',
      async () => {
        const shown = await runDrover(['status', '--url', cluster.url]);
        return /agent-2 .*alive, ollama down/.test(shown.stdout);
      },
      patience,
    );
    const { code, faults } = await askDoctor(cluster.url, cluster.dataDir, '--deep');
    expect(code).toBe(1);
    expect(faults['tokens']?.detail).toMatch(/ollama-1 on agent-1: .* answers 503/);
    expect(faults['hosts']?.detail).toMatch(/ollama-1 on agent-2 is down \(cannot connect/);
  });

  it('tells what to set when a foreign NATS allows only messages smaller than Drover needs, in drover up and in a role', async () => {
    const server = await startNatsServer({ configuration: 'max_payload: 32768' });
    const args = ['--nats', `nats://${server.url}`];
    const up = await runDrover(['up', '--sim', '1', '--port', '0', ...args]);
    const role = await runDrover(['host', ...args]);
    await server.dispose();
    for (const { code, stderr } of [up, role]) {
      expect(stderr).toMatch(
        /messages of 32768 bytes at most \(max_payload\): 65536 are needed; set max_payload/,
      );
      expect(code).toBe(3);
    }
  });
});
