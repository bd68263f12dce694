import { afterAll, beforeAll, expect, it } from 'vitest';
import { type Cluster, runDrover, startCluster, stopLeftovers } from '../lib/cluster.ts';
import { recordFigure } from '../lib/figures.ts';
import { freeze, kill, thaw } from '../lib/processes.ts';
import { waitUntil } from '../lib/wait-until.ts';

let cluster: Cluster;

beforeAll(async () => {
  cluster = await startCluster(['--sim', '2']);
});
afterAll(stopLeftovers);

interface Actor {
  readonly path: string;
  readonly parent: string | null;
  readonly state: string;
}

interface Node {
  readonly id: string;
  readonly pid: number;
  readonly silence: { readonly code: string } | null;
  readonly total: number;
  readonly leftOut: number;
  readonly actors: readonly Actor[];
}

async function allActors(): Promise<readonly Node[]> {
  const response = await fetch(`${cluster.url}/api/v1/actors`, { signal: AbortSignal.timeout(10_000) });
  expect(response.status).toBe(200);
  return ((await response.json()) as { nodes: readonly Node[] }).nodes;
}

function nodeNamed(nodes: readonly Node[], id: string): Node {
  const found = nodes.find((node) => node.id === id);
  if (found === undefined)
    throw new Error(`${id} is missing among ${nodes.map((node) => node.id).join(', ')}`);
  return found;
}

it('shows the actors of every node as a tree', async () => {
  const beganMs = performance.now();
  const all = await allActors();
  recordFigure('actors of four nodes, asked by HTTP', performance.now() - beganMs, 'ms', '<= 2000');
  expect(all.map(({ id, silence }) => [id, silence])).toEqual([
    ['agent-1', null],
    ['agent-2', null],
    ['gateway-1', null],
    ['host-1', null],
  ]);
  for (const { actors, total, leftOut } of all) {
    expect([actors.length, leftOut]).toEqual([total, 0]);
    const seen = new Set<string | null>([null]);
    for (const actor of actors) {
      expect(seen).toContain(actor.parent);
      seen.add(actor.path);
    }
  }
  expect(nodeNamed(all, 'agent-1').actors).toMatchObject([
    { path: 'instances', parent: null },
    { path: 'instances/ollama-1', parent: 'instances' },
    { path: 'blobs', parent: null },
  ]);
  expect(nodeNamed(all, 'host-1').actors.map(({ path }) => path)).toContain('agents');

  const drawn = await runDrover(['actors', '--url', cluster.url]);
  expect(drawn).toMatchObject({ code: 0, stderr: '' });
  expect(drawn.stdout).toMatch(
    /^agent-2 {2}node-agent, pid \d+, up .*\n {2}instances +running .*\n {4}ollama-1 +running/m,
  );
});

it('shows a node that is frozen or killed as silent until it is back', async () => {
  const { pid } = cluster.processOf('agent-2');
  freeze(pid);
  const frozen = await runDrover(['actors', '--url', cluster.url]);
  expect(frozen.code).toBe(0);
  expect(frozen.stdout).toMatch(/^agent-2 {2}node-agent, pid \d+: no answer within 2 s/m);
  expect(frozen.stdout).toMatch(/^agent-1 {2}node-agent, pid \d+, up/m);
  expect(frozen.stdout).toMatch(/^no answer: agent-2: /m);
  thaw(pid);
  kill(pid);
  // `drover up` starts it again under its name. Until then the node is listed as silent.
  let missing = 0;
  await waitUntil(
    'another agent-2 shows its instance',
    async () => {
      const agent = (await allActors()).find(({ id }) => id === 'agent-2');
      if (agent === undefined) missing++;
      // The node answers as soon as it has joined, a moment before it starts its actors.
      return agent !== undefined && agent.pid !== pid
        ? agent.actors.find(({ path }) => path === 'instances/ollama-1')
        : undefined;
    },
    { everyMs: 50 },
  );
  expect(missing).toBe(0);
});

it('shows one node and one path, and names a wrong option and an address without a gateway', async () => {
  const drover = (...args: string[]): ReturnType<typeof runDrover> =>
    runDrover(['actors', '--url', cluster.url, ...args]);
  const narrow = await drover('--node', 'agent-1', '--path', 'instances/', '--json');
  const { nodes } = JSON.parse(narrow.stdout) as { nodes: readonly Node[] };
  expect(nodes).toMatchObject([{ id: 'agent-1', total: 1, actors: [{ path: 'instances/ollama-1' }] }]);
  expect(await drover('--limit', '0')).toMatchObject({
    code: 2,
    stdout: '',
    stderr: 'drover: --limit must be a whole number from 1 to 1000\n',
  });
  expect(await drover('--node', 'nobody')).toMatchObject({
    code: 3,
    stderr: 'drover: no node is called nobody; known nodes are agent-1, agent-2, gateway-1, host-1\n',
  });
  await cluster.stop();
  expect(await drover()).toMatchObject({
    code: 3,
    stderr: expect.stringMatching(
      /^drover: no Drover answers at .*: nothing listens there; start one/,
    ) as string,
  });
});
