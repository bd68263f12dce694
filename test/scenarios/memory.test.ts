import { spawn } from 'node:child_process';
import { freePort } from '@drover/actor-core/testing';
import { afterEach, describe, expect, it } from 'vitest';
import {
  cleanEnvironment,
  type Cluster,
  droverBin,
  joinRole,
  runDrover,
  startCluster,
  stopLeftovers,
} from '../lib/cluster.ts';
import { fullForm, recordFigure } from '../lib/figures.ts';
import { kill } from '../lib/processes.ts';
import { waitUntil } from '../lib/wait-until.ts';

// The replicated memory through the whole system: two gateways, real processes, a real nats-server.

afterEach(() => stopLeftovers());

const memoryOf = (url: string, path: string) => `${url}/api/v1/memory/${path}`;

function put(
  url: string,
  path: string,
  body: string,
  headers: Record<string, string> = {},
): Promise<Response> {
  return fetch(memoryOf(url, path), { method: 'PUT', body, headers, signal: AbortSignal.timeout(15_000) });
}

function get(url: string, path: string, level = 'leader'): Promise<Response> {
  return fetch(memoryOf(url, `${path}?read=${level}`), { signal: AbortSignal.timeout(15_000) });
}

async function isReady(url: string): Promise<boolean> {
  return (await fetch(`${url}/readyz`).catch(() => undefined))?.ok === true;
}

async function startTwo(): Promise<{
  cluster: Cluster;
  one: string;
  two: string;
  stop: () => Promise<unknown>;
}> {
  const cluster = await startCluster(['--sim', '1']);
  const port = await freePort();
  const args = ['gateway', '--id', 'gateway-2', '--port', String(port)];
  const second = await joinRole(cluster, args, 'gateway-2');
  const two = `http://127.0.0.1:${port}`;
  await waitUntil('the second gateway is ready', () => isReady(two));
  return { cluster, one: cluster.url, two, stop: () => second.stop() };
}

describe('the replicated memory of a running cluster', () => {
  it('shows a value of one gateway at the other, to curl and to the command line', async () => {
    const { cluster, one, two, stop } = await startTwo();
    const created = await put(one, 'session:s1/a%2Fb', 'hello', { 'content-type': 'text/x-odd' });
    expect(created.status).toBe(201);
    for (const level of ['cached', 'leader', 'fresh']) {
      const read = await get(two, 'session:s1/a%2Fb', level);
      expect(await read.text()).toBe('hello');
      expect(read.headers.get('content-type')).toBe('text/x-odd');
      expect(read.headers.get('etag')).toBe(created.headers.get('etag'));
    }
    const stale = await put(two, 'session:s1/a%2Fb', 'x', { 'if-none-match': '*' });
    expect(stale.status).toBe(412);
    const cli = (...args: string[]) => runDrover(['memory', ...args, '--scope', 'session:s1', '--url', two]);
    expect(await cli('get', 'a/b')).toMatchObject({ code: 0, stdout: 'hello' });
    expect(await cli('set', 'c', 'bye', '--ttl', '10m')).toMatchObject({ code: 0 });
    const listed = JSON.parse((await cli('ls', '--json')).stdout) as { key: string; expiresAt?: string }[];
    expect(listed.map(({ key }) => key)).toEqual(['a/b', 'c']);
    expect(listed[1]?.expiresAt).toBeDefined();
    expect(await cli('rm', 'c', '--if-match', '1')).toMatchObject({ code: 1 });
    expect(await cli('rm', 'c')).toMatchObject({ code: 0, stdout: '' });
    expect(await cli('get', 'c')).toMatchObject({ code: 1 });
    expect((await get(one, 'session:s1/c', 'fresh')).status).toBe(404);
    await stop();
    expect(await cluster.stop()).toBe(0);
  });

  it('shows changes as they happen, and ends with the signal', async () => {
    const { cluster, one, two, stop } = await startTwo();
    const args = ['memory', 'watch', 'a', '--json', '--url', two];
    const child = spawn(process.execPath, [droverBin, ...args], { env: cleanEnvironment(), stdio: 'pipe' });
    let text = '';
    child.stdout.setEncoding('utf8').on('data', (part: string) => {
      text += part;
    });
    await waitUntil('the watch shows a change', async () => {
      await put(one, 'global/a1', '1');
      return text.includes('"key":"a1"');
    });
    const startedMs = performance.now();
    await put(one, 'global/a2', '1');
    await waitUntil('the watch shows the next change', () => text.includes('"key":"a2"'), {
      everyMs: 5,
    });
    recordFigure('memory: change shown at the other gateway', (performance.now() - startedMs) / 1_000, 's');
    child.kill('SIGINT');
    expect(await new Promise((resolve) => child.once('close', resolve))).toBe(0);
    await stop();
    await cluster.stop();
  });

  it('loses no acknowledged write when a gateway and nats-server are killed under load', async () => {
    const { cluster, one, two } = await startTwo();
    const writers = 8;
    const acknowledged = new Map<string, number>();
    const outcomes = { done: 0, refused: 0, unknown: 0, other: 0 };
    const load = { isOver: false };
    /** Each writer counts its own key up; only a confirmed value counts. */
    const write = async (writer: number): Promise<void> => {
      const key = `global/w${writer}`;
      for (let value = 1; !load.isOver; value++) {
        const response = await put(writer % 2 ? one : two, key, String(value)).catch(() => undefined);
        if (response?.ok === true) {
          acknowledged.set(key, value);
          outcomes.done++;
        } else if (response?.status === 503) {
          const { error } = (await response.json()) as { error: { code: string } };
          if (error.code === 'write-unknown') outcomes.unknown++;
          else outcomes.refused++;
        } else outcomes.other++;
        if (response?.ok !== true) await new Promise((resolve) => setTimeout(resolve, 100));
      }
    };
    const running = Array.from({ length: writers }, (_, writer) => write(writer));
    const progress = async (count: number): Promise<void> => {
      const target = outcomes.done + count;
      await waitUntil('writes go on', () => outcomes.done >= target);
    };
    await progress(200);
    for (let round = 0; round < (fullForm ? 5 : 2); round++) {
      const before = cluster.events.filter((event) => event['event'] === 'nats-restarted').length;
      const status = (await (await fetch(`${one}/api/v1/status`)).json()) as object;
      expect(status).toHaveProperty('memoryLagMs');
      kill(await natsPid(cluster));
      await waitUntil(
        'nats-server is back',
        () => cluster.events.filter((event) => event['event'] === 'nats-restarted').length > before,
        { timeoutMs: 20_000 },
      );
      await progress(100);
    }
    // The gateway of `drover up` is started again on its port.
    kill(cluster.processOf('gateway-1').pid);
    await waitUntil(
      'the gateway is back',
      async () => (await fetch(`${one}/healthz`).catch(() => undefined))?.ok,
      {
        timeoutMs: 30_000,
      },
    );
    await progress(100);
    load.isOver = true;
    await Promise.all(running);
    for (const [key, value] of acknowledged) {
      for (const url of [one, two]) {
        const read = await get(url, key, 'fresh');
        expect(Number(await read.text()), key).toBeGreaterThanOrEqual(value);
      }
    }
    recordFigure(
      'memory under kills: acknowledged / refused / unknown / connection lost',
      [outcomes.done, outcomes.refused, outcomes.unknown, outcomes.other].join(' / '),
    );
    expect(acknowledged.size).toBe(writers);
    await cluster.stop();
  }, 180_000);
});

/** The process id of the nats-server that runs now. */
async function natsPid(cluster: Cluster): Promise<number> {
  const restarted = cluster.events.findLast((event) => event['event'] === 'nats-restarted');
  const pid = restarted?.['pid'] ?? cluster.ready.nats.pid;
  return pid as number;
}
