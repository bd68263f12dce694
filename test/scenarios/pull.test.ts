import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { Readable } from 'node:stream';
import { afterEach, expect, it } from 'vitest';
import { type Cluster, runDrover, startCluster, stopLeftovers } from '../lib/cluster.ts';
import { fullForm, recordFigure } from '../lib/figures.ts';
import { kill } from '../lib/processes.ts';
import { type SimHost, startSimHost, stopSimHosts } from '../lib/sim-host.ts';
import { waitUntil } from '../lib/wait-until.ts';

/** A preset of the simulated registry. */
const model = 'sim-embed';
const modelBytes = 274_000_000;
const flags = { models: 'sim-chat', 'pull-bps': fullForm ? 15_000_000 : 50_000_000 };

const folders: string[] = [];
afterEach(async () => {
  await stopLeftovers();
  await stopSimHosts();
  for (const folder of folders.splice(0)) rmSync(folder, { recursive: true, force: true });
});

interface Job {
  readonly node: string;
  readonly state: string;
  readonly attempts: number;
  readonly completedBytes: number;
}

async function jobsOf({ url }: Cluster): Promise<readonly Job[]> {
  return ((await (await fetch(`${url}/api/v1/admin-jobs`)).json()) as { jobs: Job[] }).jobs;
}

/** Reads the lines of a pull, and hands the bytes of its largest layer to `onBytes`. Resolves with the last line. */
async function pull(
  url: string,
  onBytes: (bytes: number) => void,
  signal?: AbortSignal,
): Promise<Record<string, unknown>> {
  const body = JSON.stringify({ model });
  const response = await fetch(`${url}/api/pull`, { method: 'POST', body, ...(signal && { signal }) });
  let last: Record<string, unknown> = {};
  for await (const line of createInterface({ input: Readable.fromWeb(response.body as never) })) {
    last = JSON.parse(line) as Record<string, unknown>;
    if (last['total'] === modelBytes) onBytes(Number(last['completed'] ?? 0));
  }
  return last;
}

/** Starts the host anew on its port, with its data. */
async function restart({ url }: SimHost, data: string): Promise<SimHost> {
  return startSimHost({ ...flags, data, port: Number(new URL(url).port) });
}

it('pulls to three hosts, each once, although the client, a host and the gateway end half-way', async () => {
  const data = Array.from({ length: 3 }, () => mkdtempSync(join(tmpdir(), 'drover-pull-')));
  folders.push(...data);
  const hosts = await Promise.all(data.map((folder) => startSimHost({ ...flags, data: folder })));
  const cluster = await startCluster(hosts.flatMap((host) => ['--ollama', host.url]));
  const startedMs = performance.now();
  const seen: number[] = [];

  const client = new AbortController();
  await pull(
    cluster.url,
    (bytes) => {
      seen.push(bytes);
      if (bytes > modelBytes / 4) client.abort();
    },
    client.signal,
  ).catch(() => undefined);
  expect(seen.at(-1)).toBeGreaterThan(modelBytes / 4);

  const victim = cluster.ready.processes.find(({ ollamaUrl }) => ollamaUrl === hosts[1]?.url);
  kill(victim?.pid ?? 0);
  hosts[1]?.kill();
  await waitUntil(
    'the other hosts go on',
    async () => {
      const others = (await jobsOf(cluster)).filter(({ node }) => node !== victim?.id);
      return others.every(({ completedBytes }) => completedBytes > modelBytes / 2);
    },
    { timeoutMs: 60_000 },
  );
  const gateway = cluster.ready.processes.find(({ role }) => role === 'gateway');
  kill(gateway?.pid ?? 0);

  await waitUntil('a new gateway answers', async () => (await fetch(`${cluster.url}/readyz`)).ok, {
    timeoutMs: 30_000,
  });
  // Only now, so that its job is under way however long the gateway took.
  hosts[1] = await restart(hosts[1] as SimHost, data[1] as string);
  const last = await pull(cluster.url, (bytes) => seen.push(bytes));
  expect(last).toEqual({ status: 'success' });
  const tookMs = performance.now() - startedMs;

  // The bytes that clients saw, over both gateways.
  expect(seen, JSON.stringify(seen)).toEqual(seen.toSorted((a, b) => a - b));
  expect(seen.at(-1)).toBe(modelBytes);
  const fetched: { readonly starts: number; readonly bytes: number }[] = [];
  for (const host of hosts) {
    const tags = (await (await fetch(`${host.url}/api/tags`)).json()) as { models: { name: string }[] };
    expect(tags.models.map(({ name }) => name)).toContain(`${model}:latest`);
    const { layerStarts, pulledBytes } = await host.state();
    fetched.push({ starts: layerStarts, bytes: pulledBytes });
  }
  expect(fetched).toEqual(hosts.map(() => ({ starts: 1, bytes: modelBytes })));
  const jobs = await jobsOf(cluster);
  expect(jobs.map(({ state }) => state)).toEqual(['done', 'done', 'done']);
  expect(jobs.find(({ node }) => node === victim?.id)?.attempts).toBeGreaterThan(1);
  recordFigure(
    'pull of 274 MB to three hosts: downloads that began at byte 0, of each host',
    fetched.map(({ starts }) => starts).join(' / '),
    '',
    '1 at each',
  );
  recordFigure(
    'pull of 274 MB to three hosts: bytes that came to the disk from the registry, of each host',
    fetched.map(({ bytes }) => bytes).join(' / '),
    'bytes',
    `at most ${modelBytes} at each`,
  );
  recordFigure('pull of 274 MB to three hosts, one killed: until all have it', tookMs / 1000, 's');

  // What the command shows of it. The hosts have the model already.
  const shown = await runDrover(['pull', model, '--url', cluster.url]);
  expect(shown).toMatchObject({ code: 0, stderr: '' });
  expect(shown.stdout.match(/done +274 MB/g)).toHaveLength(3);
  const one = await runDrover([
    'pull',
    'nowhere',
    '--host',
    String(victim?.id),
    '--url',
    cluster.url,
    '--json',
  ]);
  expect(one.code).toBe(1);
  expect(one.stdout).toContain('pull model manifest: file does not exist');
  const nobody = await runDrover(['pull', model, '--host', 'nobody', '--url', cluster.url]);
  expect(nobody.code).toBe(1);
  expect(nobody.stderr).toContain("the fleet has no host 'nobody'");
  await cluster.stop();
});
