import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, expect, it } from 'vitest';
import { type Cluster, startCluster, stopLeftovers } from '../lib/cluster.ts';
import { fullForm, recordFigure } from '../lib/figures.ts';
import { type HeldOutside, heldBy, watchedEnvironment } from '../lib/held.ts';
import { type RequestKind, requestKinds } from '../lib/request-kinds.ts';
import { startSimHosts, stopSimHosts } from '../lib/sim-host.ts';
import { waitUntil } from '../lib/wait-until.ts';

const requestsOfEach = fullForm ? 2_000 : 200;
const inParallel = 16;
/** Limit of the gateway, below the number of requests that are sent at once. */
const maxStreams = 32;

let folder = '';

afterEach(async () => {
  await stopLeftovers();
  await stopSimHosts();
  rmSync(folder, { recursive: true, force: true });
});

it(
  `${requestsOfEach} requests of each kind leave no actor, timer, listener, table entry or descriptor in any process`,
  async () => {
    folder = mkdtempSync(join(tmpdir(), 'drover-held-'));
    const hosts = await startSimHosts(2, {
      slots: 16,
      tps: 2_000,
      'load-ms': 1,
      models: 'sim-count,sim-embed',
    });
    const cluster = await startCluster(
      [
        '--slots',
        '16',
        '--max-streams',
        String(maxStreams),
        ...hosts.flatMap((host) => ['--ollama', host.url]),
      ],
      { env: watchedEnvironment(folder) },
    );
    const spawned = await fetch(`${cluster.url}/api/v1/agents/spawn`, {
      method: 'POST',
      body: JSON.stringify({ type: 'assistant', model: 'sim-count', options: { num_predict: 3 } }),
    });
    const { id } = (await spawned.json()) as { id: string };
    const kinds = requestKinds({ agentId: id, overload: 2 * maxStreams });
    // Objects created once and kept, such as compiled code and connections, are created before the first count.
    for (const kind of kinds) await runKind(cluster, kind, 60);
    const processes = cluster.ready.processes.filter(({ role }) => role !== 'ollama-sim');
    const count = async (what: 'heap' | 'resources'): Promise<Counted[]> => {
      const all: Counted[] = [];
      // One at a time: a process that counts its heap is paused for a moment.
      for (const { id: name, pid } of processes)
        all.push({ name, actors: await actorsOf(cluster, name), ...(await heldBy(pid, folder, what)) });
      return all;
    };
    await untilIdle(cluster);
    const first = await count('heap');
    let half = first;
    let sent = 0;
    for (const [index, kind] of kinds.entries()) {
      if (index === kinds.length >> 1) half = await count('resources');
      const beganAtMs = performance.now();
      const before = await count('resources');
      const requests = await runKind(cluster, kind, requestsOfEach);
      sent += requests;
      const grown = await growthAfter(before, () => count('resources'));
      const seconds = (performance.now() - beganAtMs) / 1_000;
      process.stdout.write(`${kind.name}: ${requests} in ${seconds.toFixed(1)} s ${grown.join(', ')}\n`);
      expect.soft(grown, kind.name).toEqual([]);
    }
    await untilIdle(cluster);
    const last = await count('heap');
    recordFigure('requests, all kinds together', sent);
    for (const [index, { id: name }] of processes.entries()) {
      const [atFirst, atHalf, atLast] = [first[index], half[index], last[index]];
      if (!atFirst?.heap || !atHalf || !atLast?.heap) throw new Error(`${name} was not counted`);
      recordFigure(`${name}: actors`, `${atFirst.actors} → ${atLast.actors}`);
      recordFigure(`${name}: timers`, `${timersOf(atFirst)} → ${timersOf(atLast)}`);
      recordFigure(`${name}: descriptors`, `${atFirst.descriptors} → ${atLast.descriptors}`);
      for (const what of ['listeners', 'abortListeners', 'entries'] as const) {
        const grown = atLast.heap[what] - atFirst.heap[what];
        recordFigure(`${name}: ${what}`, `${atFirst.heap[what]} → ${atLast.heap[what]}`);
        expect
          .soft(grown, `${name} ${what}: ${atLast.heap.largest.join(' | ')}`)
          .toBeLessThanOrEqual(allowed(what, name));
      }
      recordFigure(`${name}: heap`, `${mega(atFirst.heap.heapBytes)} → ${mega(atLast.heap.heapBytes)}`, 'MB');
      const grownBytes = atLast.residentBytes - atHalf.residentBytes;
      recordFigure(`${name}: RSS grown over the second half`, mega(grownBytes), 'MB', '< 15');
      expect.soft(grownBytes, `${name} RSS`).toBeLessThan(15e6);
    }
    await cluster.stop();
  },
  fullForm ? 3_600_000 : 240_000,
);

interface Counted extends HeldOutside {
  readonly name: string;
  readonly actors: number;
}

/**
 * Allowed growth: the names of 1,024 paths and the decisions on 1,000 requests are kept by design, and the leader of
 * the agents keeps the newest 10,000 runs and stopped agents.
 */
function allowed(what: 'listeners' | 'abortListeners' | 'entries', node: string): number {
  if (what !== 'entries') return what === 'listeners' ? 20 * inParallel : 0;
  return 1_900 + (node.startsWith('host') ? 20 * requestsOfEach : 0);
}

function timersOf({ resources }: Counted): number {
  return resources['Timeout'] ?? 0;
}

/** Runs a kind's share of `total` requests, some in parallel; returns how many. */
async function runKind(cluster: Cluster, kind: RequestKind, total: number): Promise<number> {
  const requests = Math.max(1, Math.round(total * (kind.share ?? 1)));
  // Aborted requests may still arrive and occupy places, which are few here.
  const inPlaces = (): Promise<number[]> =>
    Promise.all(Array.from({ length: inParallel }, () => showModel(cluster)));
  await waitUntil(
    'the gateway has places',
    async () => (await inPlaces()).every((status) => status === 200),
    {
      timeoutMs: 20_000,
    },
  );
  let next = 0;
  const runOn = async (): Promise<void> => {
    while (next < requests) {
      next += 1;
      await kind.run(cluster.url).catch((error: unknown) => {
        throw new Error(`${kind.name} failed`, { cause: error });
      });
    }
  };
  await Promise.all(Array.from({ length: Math.min(kind.alone === true ? 1 : inParallel, requests) }, runOn));
  return requests;
}

/** Counts until nothing has grown, at most for the longest timeout that may hold an object; the rest has leaked. */
async function growthAfter(
  before: readonly Counted[],
  count: () => Promise<readonly Counted[]>,
): Promise<readonly string[]> {
  const untilMs = performance.now() + 20_000;
  for (;;) {
    const grown = growth(before, await count());
    if (grown.length === 0 || performance.now() > untilMs) return grown;
    await sleep(250);
  }
}

/** Pooled connections hold a few timers and descriptors; the pools are bounded by the parallel requests. */
const pooled = 2 * inParallel;

function growth(before: readonly Counted[], after: readonly Counted[]): readonly string[] {
  return after.flatMap((one, index) => {
    const known = before[index] as Counted;
    const grown = {
      actors: one.actors - known.actors,
      timers: timersOf(one) - timersOf(known) - pooled,
      descriptors: one.descriptors - known.descriptors - pooled,
    };
    return Object.entries(grown).flatMap(([what, by]) => (by > 0 ? [`${one.name} ${what} +${by}`] : []));
  });
}

async function showModel(cluster: Cluster): Promise<number> {
  const body = JSON.stringify({ model: 'sim-count' });
  const answer = await fetch(`${cluster.url}/api/show`, { method: 'POST', body });
  await answer.arrayBuffer();
  return answer.status;
}

async function untilIdle(cluster: Cluster): Promise<void> {
  await waitUntil(
    'no request runs',
    async () => /^drover_fleet_calls 0$/m.test(await (await fetch(`${cluster.url}/metrics`)).text()),
    { timeoutMs: 30_000 },
  );
  // Time within which aborted streams are cancelled and release their objects.
  await sleep(2_000);
}

/** Live actors of a node, as the node reports them. */
async function actorsOf(cluster: Cluster, node: string): Promise<number> {
  const { total } = await waitUntil(
    `${node} reports its actors`,
    async () => {
      const answer = await fetch(`${cluster.url}/api/v1/actors?node=${node}`);
      const { nodes } = (await answer.json()) as { nodes: readonly NodeActors[] };
      return nodes.find(({ id, silence }) => id === node && silence === null);
    },
    { timeoutMs: 20_000 },
  );
  return total;
}

interface NodeActors {
  readonly id: string;
  readonly silence: string | null;
  readonly total: number;
}

function mega(bytes: number): number {
  return Math.round(bytes / 1e5) / 10;
}
