import { afterEach, describe, expect, it } from 'vitest';
import { type Cluster, startCluster, stopLeftovers } from '../lib/cluster.ts';
import { type CountOutcome, startCount } from '../lib/count-stream.ts';
import { fullForm, recordFigure } from '../lib/figures.ts';
import { freeze, kill, thaw } from '../lib/processes.ts';
import { type SimHost, startSimHosts, stopSimHosts } from '../lib/sim-host.ts';
import { waitUntil } from '../lib/wait-until.ts';

afterEach(async () => {
  await stopLeftovers();
  await stopSimHosts();
});

const streams = 50;
const tokensPerSecond = 30;
/** Longer than a stream may outlive its host. */
const streamSeconds = fullForm ? 12 : 8;

async function threeHosts(): Promise<{ hosts: SimHost[]; cluster: Cluster }> {
  const hosts = await startSimHosts(3, { slots: 24, tps: tokensPerSecond });
  const cluster = await startCluster(['--slots', '24', ...hosts.flatMap((host) => ['--ollama', host.url])]);
  return { hosts, cluster };
}

/** Repeats a new request until one is answered completely; returns how long that took. */
async function newRequestSucceeds(url: string, withinMs: number): Promise<number> {
  const before = performance.now();
  await waitUntil(
    'a new request succeeds',
    async () => (await startCount(url, { upTo: 3 }).outcome).ending === 'complete',
    { timeoutMs: withinMs, everyMs: 20 },
  );
  return performance.now() - before;
}

function judge(outcomes: readonly CountOutcome[]): void {
  expect(outcomes.filter((outcome) => !outcome.contiguous)).toEqual([]);
  expect(outcomes.filter((outcome) => outcome.ending === 'cut')).toEqual([]);
}

describe('a host lost under streaming load', () => {
  it.each([
    ['its Ollama is killed', (hosts: SimHost[], _cluster: Cluster) => (hosts[0] as SimHost).kill()],
    [
      'its node-agent is killed',
      (hosts: SimHost[], cluster: Cluster) => {
        const agent = cluster.ready.processes.find(
          (process) => process.role === 'node-agent' && process.ollamaUrl === (hosts[0] as SimHost).url,
        );
        kill((agent as { pid: number }).pid);
      },
    ],
    [
      'its node-agent is frozen',
      (hosts: SimHost[], cluster: Cluster) => {
        const agent = cluster.ready.processes.find(
          (process) => process.role === 'node-agent' && process.ollamaUrl === (hosts[0] as SimHost).url,
        ) as { pid: number };
        freeze(agent.pid);
        setTimeout(() => thaw(agent.pid), 20_000).unref();
      },
    ],
  ])('goes on with each stream at another host when %s', async (what, strike) => {
    const { hosts, cluster } = await threeHosts();
    const running = Array.from({ length: streams }, (_, index) =>
      startCount(cluster.url, {
        upTo: streamSeconds * tokensPerSecond,
        dialect: index % 2 === 0 ? 'ollama' : 'openai',
      }),
    );
    await Promise.all(running.map((stream) => stream.reached(10)));
    strike(hosts, cluster);
    const recoveredMs = await newRequestSucceeds(cluster.url, 10_000);
    const outcomes = await Promise.all(running.map((stream) => stream.outcome));
    judge(outcomes);
    const lost = outcomes.filter((outcome) => outcome.ending !== 'complete');
    const struck = cluster.ready.processes.find(
      (process) => process.role === 'node-agent' && process.ollamaUrl === (hosts[0] as SimHost).url,
    );
    const onStruck = outcomes.filter((outcome) => outcome.node === struck?.id);
    recordFigure(
      `${what}: streams whole / at the lost host / broken`,
      `${streams - lost.length} / ${onStruck.length} / ${lost.length}`,
    );
    expect(onStruck.length).toBeGreaterThan(0);
    recordFigure(`${what}: new request succeeds after`, recoveredMs / 1000, 's', '<= 2');
    expect(lost, cluster.stderr().slice(-3_000)).toEqual([]);
    expect(recoveredMs).toBeLessThanOrEqual(2_000);
    await cluster.stop();
  });
});
