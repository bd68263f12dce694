import { createInterface } from 'node:readline';
import { Readable } from 'node:stream';
import { freePort } from '@drover/actor-core/testing';
import { afterEach, describe, expect, it } from 'vitest';
import { joinRole, startCluster, stopLeftovers } from '../lib/cluster.ts';
import { startSimHost, stopSimHosts } from '../lib/sim-host.ts';
import { waitUntil } from '../lib/wait-until.ts';

/** A gateway is killed in mid-stream, and its client goes on with the answer at another gateway. */

afterEach(async () => {
  await stopLeftovers();
  await stopSimHosts();
});

const numbers = 80;
const taken = 15;

/** What a client counts: lines, or events with their ids. */
interface Unit {
  readonly id?: number;
  readonly data: string;
}

async function* unitsOf(response: Response): AsyncGenerator<Unit> {
  let id: number | undefined;
  for await (const line of createInterface({ input: Readable.fromWeb(response.body as never) })) {
    if (line.startsWith('id: ')) id = Number(line.slice(4));
    else if (line.startsWith('data: ')) yield { ...(id !== undefined && { id }), data: line.slice(6) };
    else if (line.startsWith('{')) yield { data: line };
  }
}

/** Reads until the stream ends, or breaks after `atLeast` units. */
async function readUnits(response: Response, onUnit: (count: number) => void = () => {}): Promise<Unit[]> {
  const units: Unit[] = [];
  try {
    for await (const unit of unitsOf(response)) {
      units.push(unit);
      onUnit(units.length);
    }
  } catch {
    // The gateway is gone.
  }
  return units;
}

async function setup() {
  const host = await startSimHost({ tps: 20 });
  const cluster = await startCluster(['--ollama', host.url]);
  const [first, second] = [await freePort(), await freePort()];
  const victim = await joinRole(
    cluster,
    ['gateway', '--id', 'gateway-2', '--port', String(first)],
    'gateway-2',
  );
  await joinRole(cluster, ['gateway', '--id', 'gateway-3', '--port', String(second)], 'gateway-3');
  const other = `http://127.0.0.1:${second}`;
  await waitUntil('the gateways have the model', async () => {
    for (const port of [first, second]) {
      const tags = await (await fetch(`http://127.0.0.1:${port}/api/tags`)).text();
      if (!tags.includes('sim-count')) return undefined;
    }
    return true;
  });
  return { cluster, host, victim, url: `http://127.0.0.1:${first}`, other };
}

const dialects = [
  [
    '/api/generate',
    { model: 'sim-count', prompt: 'go', options: { num_predict: numbers } },
    (data: string) => (JSON.parse(data) as { response: string }).response,
  ],
  [
    '/v1/chat/completions',
    { model: 'sim-count', messages: [{ role: 'user', content: 'go' }], max_tokens: numbers, stream: true },
    (data: string) =>
      data === '[DONE]'
        ? ''
        : ((JSON.parse(data) as { choices: { delta: { content?: string } }[] }).choices[0]?.delta.content ??
          ''),
  ],
  [
    '/v1/messages',
    { model: 'sim-count', messages: [{ role: 'user', content: 'go' }], max_tokens: numbers, stream: true },
    (data: string) => (JSON.parse(data) as { delta?: { text?: string } }).delta?.text ?? '',
  ],
] as const;

describe.each(dialects)('an answer of %s', (path, body, textOf) => {
  it('goes on at another gateway after its own is killed, without a lost or repeated number', async () => {
    const { victim, url, other } = await setup();
    const headers = { 'x-drover-request-id': 'count-1', 'x-drover-on-disconnect': 'keep=60s' };
    const asked = { method: 'POST', body: JSON.stringify(body), headers };
    const first = await fetch(url + path, asked);
    expect(first.status).toBe(200);
    const before = await readUnits(first, (count) => {
      if (count === taken) process.kill(victim.pid, 'SIGKILL');
    });
    expect(before.length).toBeGreaterThanOrEqual(taken);
    const started = performance.now();
    const rest = await waitUntil(
      'the rest of the answer',
      async () => {
        const tried = await fetch(`${other}/api/v1/streams/count-1?from=${before.length}`);
        if (tried.status === 200) return tried;
        if (tried.status !== 503) throw new Error(await tried.text());
        return undefined;
      },
      { timeoutMs: 30_000 },
    );
    process.stderr.write(`${path}: resumed after ${Math.round(performance.now() - started)} ms\n`);
    const after = await readUnits(rest);
    const units = [...before, ...after];
    const text = units.map(({ data }) => textOf(data)).join('');
    expect(text.trim().split(/\s+/).map(Number)).toEqual(
      Array.from({ length: numbers }, (_, index) => index + 1),
    );
    const ids = units.flatMap(({ id }) => (id === undefined ? [] : [id]));
    expect(ids).toEqual(ids.map((_, index) => index + 1));
    // The whole answer can be read again.
    const again = await readUnits(await fetch(`${other}/api/v1/streams/count-1`));
    expect(again).toEqual(units);
  });
});
