import { createInterface } from 'node:readline';
import { Readable } from 'node:stream';
import { freePort } from '@drover/actor-core/testing';
import { afterEach, expect, it } from 'vitest';
import { joinRole, startCluster, stopLeftovers } from '../lib/cluster.ts';
import { startSimHost, stopSimHosts } from '../lib/sim-host.ts';
import { waitUntil } from '../lib/wait-until.ts';

afterEach(async () => {
  await stopLeftovers();
  await stopSimHosts();
});

const numbers = 60;

/** Reads lines until the stream ends, or until `leave` is called after `most` lines. */
async function readLines(response: Response, most: number, leave?: () => void): Promise<string[]> {
  const lines: string[] = [];
  try {
    for await (const line of createInterface({ input: Readable.fromWeb(response.body as never) })) {
      if (lines.length < most) lines.push(line);
      if (lines.length === most) leave?.();
    }
  } catch (error) {
    if (leave === undefined) throw error;
  }
  return lines;
}

it('goes on with an answer through another gateway, without a lost or repeated line', async () => {
  const host = await startSimHost({ tps: 20 });
  const cluster = await startCluster(['--ollama', host.url]);
  const port = await freePort();
  await joinRole(cluster, ['gateway', '--id', 'gateway-2', '--port', String(port)], 'gateway-2');

  const other = `http://127.0.0.1:${port}`;
  await waitUntil(
    'the second gateway knows the first',
    async () => {
      const status = (await (await fetch(`${other}/api/v1/status`)).json()) as {
        nodes: { role: string; state: string }[];
      };
      return status.nodes.filter(({ role, state }) => role === 'gateway' && state === 'alive').length === 2;
    },
    { timeoutMs: 30_000 },
  );

  const client = new AbortController();
  const body = JSON.stringify({ model: 'sim-count', prompt: 'go', options: { num_predict: numbers } });
  const first = await fetch(`${cluster.url}/api/generate`, {
    method: 'POST',
    body,
    headers: { 'x-drover-request-id': 'count-1', 'x-drover-on-disconnect': 'keep=60s' },
    signal: client.signal,
  });
  const before = await readLines(first, 10, () => client.abort());

  // A gateway that does not answer in time is no end: 503.
  const answer = await waitUntil(
    'the rest of the answer',
    async () => {
      const tried = await fetch(`${other}/api/v1/streams/count-1?from=${before.length}`);
      if (tried.status === 200) return tried;
      if (tried.status !== 503) throw new Error(await tried.text());
      return undefined;
    },
    { timeoutMs: 30_000 },
  );
  const after = await readLines(answer, Number.POSITIVE_INFINITY);
  const lines = [...before, ...after].map((line) => JSON.parse(line) as { response: string; done: boolean });
  const text = lines.map(({ response }) => response).join('');
  expect(text.trim().split(' ').map(Number)).toEqual(
    Array.from({ length: numbers }, (_, index) => index + 1),
  );
  expect(lines.at(-1)?.done).toBe(true);
  await cluster.stop();
});
