import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { freePort } from '@drover/actor-core/testing';
import { afterEach, expect, it } from 'vitest';
import { joinRole, runDrover, startCluster, stopLeftovers } from '../lib/cluster.ts';
import { waitUntil } from '../lib/wait-until.ts';

const folders: string[] = [];

afterEach(async () => {
  await stopLeftovers();
  for (const folder of folders.splice(0)) rmSync(folder, { recursive: true, force: true });
});

function dataFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'drover-keys-'));
  folders.push(folder);
  return folder;
}

/** The files below a folder that hold a text. */
function filesWith(folder: string, text: string): string[] {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name))
    .filter((path) => readFileSync(path).includes(text));
}

async function status(url: string, route: string, key?: string): Promise<number> {
  const [method = '', path = ''] = route.split(' ');
  const response = await fetch(url + path, {
    method,
    headers: key === undefined ? {} : { authorization: `Bearer ${key}` },
    ...(method === 'POST'
      ? {
          body: JSON.stringify({
            model: 'sim-count',
            prompt: 'a',
            stream: false,
            options: { num_predict: 1 },
          }),
        }
      : {}),
  });
  await response.arrayBuffer();
  return response.status;
}

const generate = 'POST /api/generate';

it('refuses an open address without a key or --insecure, and says how to make a key', async () => {
  const dataDir = dataFolder();
  const up = ['up', '--sim', '0', '--host', '0.0.0.0', '--port', '0', '--data', dataDir];
  const refused = await runDrover(up);
  expect(refused).toMatchObject({ code: 2, stderr: expect.stringContaining('drover key create') as string });
});

it('makes keys without a cluster, asks for them once it runs, and revokes them on every gateway', async () => {
  const dataDir = dataFolder();
  const drover = async (...args: string[]) => runDrover([...args, '--data', dataDir]);
  const made = await drover('key', 'create', '--name', 'ci', '--tenant', 'acme', '--model', 'sim-*');
  expect(made).toMatchObject({
    code: 0,
    stdout: expect.stringMatching(/^drover_[0-9a-f]{16}_\S{43}\n$/) as string,
  });
  const ci = made.stdout.trim();
  const stored = readFileSync(join(dataDir, 'keys.json'), 'utf8');
  const local = readFileSync(join(dataDir, 'key'), 'utf8').trim();
  for (const key of [ci, local]) expect(stored).not.toContain(key.slice(-43));
  for (const name of ['keys.json', 'key']) expect(statSync(join(dataDir, name)).mode & 0o077).toBe(0);

  const cluster = await startCluster(['--sim', '1', '--log-level', 'debug'], { dataDir });
  expect([
    await status(cluster.url, 'GET /healthz'),
    await status(cluster.url, 'GET /readyz'),
    await status(cluster.url, generate),
    await status(cluster.url, 'GET /metrics'),
    await status(cluster.url, generate, ci),
    await status(cluster.url, 'GET /metrics', ci),
    await status(cluster.url, 'GET /metrics', local),
  ]).toEqual([200, 200, 401, 401, 200, 403, 200]);

  // Commands on this machine have the key of the data folder; others need one.
  expect(await drover('status')).toMatchObject({ code: 0 });
  const other = dataFolder();
  const named = ['status', '--url', cluster.url, '--data', other];
  expect(await runDrover(named, { env: { DROVER_KEY: ci } })).toMatchObject({
    code: 1,
    stderr: expect.stringContaining('not-allowed') as string,
  });

  // A gateway on an open address joins, since the cluster has keys, and knows them.
  const port = await freePort();
  const args = ['gateway', '--id', 'gateway-2', '--port', String(port), '--host', '0.0.0.0'];
  await joinRole(cluster, args, 'gateway-2', { key: local });
  const second = `http://127.0.0.1:${port}`;
  await waitUntil('the second gateway serves', async () => (await status(second, generate, ci)) === 200);

  expect(await drover('explain', 'ci', 'POST', '/api/chat', '--model', 'llama3')).toMatchObject({
    code: 1,
    stdout: expect.stringContaining('only for the models sim-*') as string,
  });

  const renewed = await drover('key', 'rotate', 'ci', '--json');
  const { key: newer } = JSON.parse(renewed.stdout) as { key: string };
  expect([await status(cluster.url, generate, ci), await status(cluster.url, generate, newer)]).toEqual([
    401, 200,
  ]);
  await waitUntil(
    'the second gateway knows the new secret',
    async () => (await status(second, generate, newer)) === 200,
    { timeoutMs: 20_000 },
  );
  expect(await drover('key', 'revoke', 'ci')).toMatchObject({ code: 0 });
  expect(await status(cluster.url, generate, newer)).toBe(401);
  await waitUntil(
    'the second gateway refuses it',
    async () => (await status(second, generate, newer)) === 401,
    { timeoutMs: 20_000 },
  );

  expect(await cluster.stop()).toBe(0);
  // No secret stands in a log or at rest, except that of this machine in its own file.
  for (const secret of [ci, newer, local].map((key) => key.slice(-43))) {
    expect(cluster.stderr()).not.toContain(secret);
    expect(filesWith(dataDir, secret)).toEqual(secret === local.slice(-43) ? [join(dataDir, 'key')] : []);
  }
  const listed = await drover('key', 'ls', '--json');
  // Both were made in the same moment, so their order is that of their ids.
  const keys = JSON.parse(listed.stdout) as { name: string }[];
  expect(keys.toSorted((a, b) => (a.name < b.name ? -1 : 1))).toMatchObject([
    { name: 'ci', state: 'revoked', tenant: 'acme' },
    { name: 'local', state: 'active' },
  ]);
  expect(await drover('key', 'rotate', 'ci')).toMatchObject({ code: 1 });
  const again = await startCluster(['--sim', '1'], { dataDir });
  expect(await status(again.url, generate, newer)).toBe(401);
  expect(await status(again.url, generate, local)).toBe(200);
});

it('asks for a key from the moment in which a running cluster gets its first one', async () => {
  const cluster = await startCluster(['--sim', '1']);
  expect(await status(cluster.url, generate)).toBe(200);
  const made = await runDrover(['key', 'create', '--data', cluster.dataDir]);
  expect(made.code).toBe(0);
  expect(await status(cluster.url, generate)).toBe(401);
  expect(await status(cluster.url, generate, made.stdout.trim())).toBe(200);
  expect(await runDrover(['status', '--data', cluster.dataDir])).toMatchObject({ code: 0 });

  // The host signs the requests of its agents.
  const post = async (path: string, body: object) => {
    const headers = { 'x-api-key': made.stdout.trim() };
    const response = await fetch(cluster.url + path, { method: 'POST', headers, body: JSON.stringify(body) });
    return { status: response.status, body: (await response.json()) as { id: string; status: string } };
  };
  const { body: agent } = await post('/api/v1/agents/spawn', { type: 'assistant' });
  expect(await post(`/api/v1/agents/${agent.id}/task`, { input: 'a' })).toMatchObject({
    status: 200,
    body: { status: 'completed' },
  });
});
