import { execFileSync } from 'node:child_process';
import { cpSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { freePort, startNatsServer } from '@drover/actor-core/testing';
import { afterEach, describe, expect, it } from 'vitest';
import { type Cluster, droverBin, joinRole, runDrover, startCluster, stopLeftovers } from '../lib/cluster.ts';
import { fullForm, recordFigure } from '../lib/figures.ts';
import { loadGateways } from '../lib/mixed-load.ts';
import { oldDroverBin, oldRelease } from '../lib/old-release.ts';
import { kill } from '../lib/processes.ts';
import { startSimHost, stopSimHosts } from '../lib/sim-host.ts';
import { waitUntil } from '../lib/wait-until.ts';

/**
 * A data folder that the release 0.3.0 left behind when it stopped in order: two agents (`keeper`, an assistant;
 * `second`, a translator spawned with the idempotency key `spawn-1`), one completed run and one submitted run.
 */
const before = {
  archive: fileURLToPath(new URL('../fixtures/data-0.3.0.tar.gz', import.meta.url)),
  agents: ['umgtmvl1omhq30b1k75dnfhm', 'cweut8pw25dlkbc0h8clgrh9'],
  completedRun: 'xx58642pg52prjehzokwe80q',
} as const;

const folders: string[] = [];
const servers: { dispose(): Promise<void> }[] = [];
afterEach(async () => {
  await stopLeftovers();
  await stopSimHosts();
  await Promise.all(servers.splice(0).map((server) => server.dispose()));
  for (const folder of folders.splice(0)) rmSync(folder, { recursive: true, force: true });
});

function newFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'drover-data-'));
  folders.push(folder);
  return folder;
}

function dataOfBefore(): string {
  const folder = newFolder();
  execFileSync('tar', ['xzf', before.archive, '-C', folder]);
  return folder;
}

interface Agent {
  readonly id: string;
  readonly status: string;
}

async function readyAgents(cluster: Cluster): Promise<string[]> {
  const response = await fetch(`${cluster.url}/api/v1/agents`);
  const { agents } = (await response.json()) as { agents: Agent[] };
  return agents.filter(({ status }) => status === 'ready').map(({ id }) => id);
}

async function expectAgentsToAnswer(cluster: Cluster): Promise<void> {
  await waitUntil(
    'both agents are ready',
    async () => {
      const ready = await readyAgents(cluster);
      return before.agents.every((id) => ready.includes(id));
    },
    { timeoutMs: 30_000, everyMs: 200 },
  );
  for (const id of before.agents) {
    const answer = await fetch(`${cluster.url}/api/v1/agents/${id}/task`, {
      method: 'POST',
      body: JSON.stringify({ input: 'Say hello', mode: 'sync' }),
    });
    expect(await answer.json()).toMatchObject({ status: 'completed' });
    expect(answer.status).toBe(200);
  }
}

describe('the data folder of the release before', () => {
  it('serves its agents, runs and idempotency keys under this release', async () => {
    const cluster = await startCluster(['--sim', '2'], { dataDir: dataOfBefore() });
    await expectAgentsToAnswer(cluster);
    const run = await fetch(`${cluster.url}/api/v1/runs/${before.completedRun}`);
    expect(await run.json()).toMatchObject({ status: 'completed' });
    const again = await fetch(`${cluster.url}/api/v1/agents/spawn`, {
      method: 'POST',
      headers: { 'idempotency-key': 'spawn-1' },
      body: JSON.stringify({ type: 'translator', name: 'second' }),
    });
    expect(await again.json()).toMatchObject({ id: before.agents[1] });
    expect(await cluster.stop()).toBe(0);
  });
});

describe('a cold copy of a data folder', () => {
  it('serves in another place', async () => {
    const folder = dataOfBefore();
    const first = await startCluster(['--sim', '2'], { dataDir: folder });
    await expectAgentsToAnswer(first);
    await first.stop();
    const copy = newFolder();
    cpSync(folder, copy, { recursive: true });
    rmSync(folder, { recursive: true });
    const second = await startCluster(['--sim', '2'], { dataDir: copy });
    await expectAgentsToAnswer(second);
    await second.stop();
  });
});

const mixedMs = fullForm ? 5 * 60_000 : 10_000;
const oldBin = oldDroverBin();

/**
 * A whole cluster of one release, and a gateway, a host and a node-agent of the other one that join it. `nats` is the
 * server of both; without it the cluster runs its own.
 */
async function startMixed(base: string, joining: string, nats: readonly string[]) {
  const hosts = [
    await startSimHost({ tps: 200, slots: 4 }),
    await startSimHost({ tps: 200, slots: 4 }),
  ] as const;
  const cluster = await startCluster(['--ollama', hosts[0].url, '--slots', '4', ...nats], { bin: base });
  const port = await freePort();
  const start = (args: readonly string[], id: string) =>
    joinRole(cluster, [...args, '--id', id], id, { bin: joining });
  await start(['host'], 'host-x');
  await start(['node-agent', '--ollama', hosts[1].url, '--slots', '4'], 'agent-x');
  await start(['gateway', '--port', String(port)], 'gateway-x');
  return { cluster, urls: { base: cluster.url, joined: `http://127.0.0.1:${port}` } };
}

/** Kills the host that leads the agents, as a gateway of this release tells. */
async function killLeader(url: string): Promise<string> {
  const status = (await (await fetch(`${url}/api/v1/status`)).json()) as {
    nodes: { id: string; pid: number }[];
    groups: { name: string; leader?: string }[];
  };
  const leader = status.groups.find(({ name }) => name === 'agents')?.leader;
  const process = status.nodes.find(({ id }) => id === leader);
  if (process === undefined) throw new Error(`nobody leads the agents: ${JSON.stringify(status.groups)}`);
  kill(process.pid);
  return process.id;
}

/** The id of a new agent; undefined where the gateway refuses it at the moment. */
async function spawnAgent(url: string): Promise<string | undefined> {
  const body = JSON.stringify({ type: 'assistant', model: 'sim-count', options: { num_predict: 4 } });
  const spawned = await fetch(`${url}/api/v1/agents/spawn`, { method: 'POST', body });
  return ((await spawned.json()) as { id?: string }).id;
}

/** Waits until the agent, or a new one, answers through that gateway. */
async function untilAgentAnswers(url: string, known?: string): Promise<void> {
  await waitUntil(
    'an agent answers',
    async () => {
      const id = known ?? (await spawnAgent(url));
      if (id === undefined) return false;
      const body = JSON.stringify({ input: 'x', mode: 'sync' });
      const answer = await fetch(`${url}/api/v1/agents/${id}/task`, { method: 'POST', body });
      return ((await answer.json()) as { output?: string }).output === '1 2 3 4';
    },
    { timeoutMs: 30_000, everyMs: 200 },
  );
}

describe.skipIf(oldBin === undefined)(`a cluster half of ${oldRelease} and half of this release`, () => {
  it.each([
    [`of this release, which ${oldRelease} joins`, droverBin, oldBin ?? '', false],
    [`of ${oldRelease} on a NATS of its own, which this release joins`, oldBin ?? '', droverBin, true],
  ])('serves under load: one %s', { timeout: mixedMs + 110_000 }, async (name, base, joining, isForeign) => {
    const server = isForeign ? await startNatsServer() : undefined;
    if (server !== undefined) servers.push(server);
    const nats = server === undefined ? [] : ['--nats', `nats://${server.url}`];
    const { cluster, urls } = await startMixed(base, joining, nats);
    await waitUntil(
      'both gateways have both node-agents',
      async () => {
        for (const url of Object.values(urls)) {
          const response = await fetch(`${url}/api/v1/status`);
          const { nodes } = (await response.json()) as { nodes: { id: string; models: unknown[] }[] };
          const serving = nodes.filter(({ models }) => models.length > 0).map(({ id }) => id);
          if (!['agent-1', 'agent-x'].every((id) => serving.includes(id))) return false;
        }
        return true;
      },
      { timeoutMs: 30_000, everyMs: 200 },
    );
    const loads = await loadGateways(Object.values(urls), mixedMs);
    for (const [what, url] of Object.entries(urls)) {
      const load = loads.get(url);
      const seconds = mixedMs / 1000;
      const of = `cluster ${name}; gateway ${what === 'base' ? 'of the cluster' : 'that joined'}`;
      recordFigure(`${of}: requests`, (load?.requests ?? 0) / seconds, '/s');
      recordFigure(`${of}: tasks`, (load?.tasks ?? 0) / seconds, '/s');
      recordFigure(`${of}: failures`, load?.failures.length ?? 0, '', '0');
      expect(load?.failures.slice(0, 5)).toEqual([]);
      expect([...(load?.servedBy.keys() ?? [])].toSorted()).toEqual(['agent-1', 'agent-x']);
    }
    // Agents are placed on hosts of the release whose host leads them.
    const ranOn = new Set([...loads.values()].flatMap((load) => [...load.ranOn.keys()]));
    recordFigure(`cluster ${name}: agents ran on`, [...ranOn].toSorted().join(' '));
    const earlier = await spawnAgent(urls.base);
    const killed = await killLeader(joining === droverBin ? urls.joined : urls.base);
    const sinceMs = performance.now();
    for (const url of Object.values(urls)) {
      await untilAgentAnswers(url);
      await untilAgentAnswers(url, earlier);
    }
    const tookS = (performance.now() - sinceMs) / 1000;
    recordFigure(
      `cluster ${name}: ${killed}, which led the agents, killed: all agents after`,
      tookS,
      's',
      '<= 30',
    );
    await cluster.stop();
  });

  it('tells that drover up has to be restarted with this release before its hosts', async () => {
    const cluster = await startCluster(['--sim', '1'], { bin: oldBin ?? '' });
    const { code, stderr } = await runDrover(['host', '--id', 'host-x', '--data', cluster.dataDir]);
    expect([code, stderr]).toMatchObject([3, expect.stringContaining('restart that drover up')]);
    await cluster.stop();
  });
});
