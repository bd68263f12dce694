import { execFileSync } from 'node:child_process';
import { cpSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, describe, expect, it } from 'vitest';
import { type Cluster, startCluster, stopLeftovers } from '../lib/cluster.ts';
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
afterEach(async () => {
  await stopLeftovers();
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
