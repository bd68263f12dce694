import { afterEach, describe, expect, it } from 'vitest';
import { startCluster, stopLeftovers } from '../lib/cluster.ts';
import { startCount } from '../lib/count-stream.ts';
import { fullForm, recordFigure } from '../lib/figures.ts';
import { startSimHosts, stopSimHosts } from '../lib/sim-host.ts';
import { waitUntil } from '../lib/wait-until.ts';

afterEach(async () => {
  await stopLeftovers();
  await stopSimHosts();
});

const tokensPerSecond = 250;
const clients = 5;
const shortTokens = 40;
const heldTokens = 150;

function median(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? Number.NaN;
}

describe('closed-loop clients beside a long stream on two hosts', () => {
  it('wait no longer than twice the median plus the time of one slot', async () => {
    const longTokens = fullForm ? 4_000 : 2_000;
    const hosts = await startSimHosts(2, { slots: 1, tps: tokensPerSecond });
    const { url } = await startCluster(['--slots', '1', ...hosts.flatMap((host) => ['--ollama', host.url])]);
    // Both hosts load the model before the measurement.
    await Promise.all([0, 1].map(() => startCount(url, { upTo: 20 }).outcome));
    const alone = await startCount(url, { upTo: shortTokens }).outcome;
    const slotMs = alone.firstTokenMs + (1_000 * shortTokens) / tokensPerSecond;

    const long = startCount(url, { upTo: longTokens });
    await long.reached(10);
    const waitsMs: number[][] = await Promise.all(
      Array.from({ length: clients }, async () => {
        const mine: number[] = [];
        while (long.count() < longTokens) {
          const outcome = await startCount(url, { upTo: shortTokens }).outcome;
          expect(outcome).toMatchObject({ ending: 'complete', contiguous: true });
          mine.push(outcome.firstTokenMs);
        }
        return mine;
      }),
    );
    expect(await long.outcome).toMatchObject({ ending: 'complete', count: longTokens });
    const all = waitsMs.flat();
    const longestMs = Math.max(...all);
    const barMs = 2 * median(all) + slotMs;
    recordFigure('requests answered beside the long stream', all.length);
    recordFigure('median wait for the first token', median(all), 'ms');
    recordFigure('longest wait for the first token', longestMs, 'ms', `<= ${Math.round(barMs)}`);
    recordFigure('requests of the clients', waitsMs.map((mine) => mine.length).join(' '));
    expect(longestMs).toBeLessThanOrEqual(barMs);
  });
});

describe('a burst on full queues', () => {
  it('is refused at once, with a retry-after that fits the burst, and few log lines', async () => {
    const burst = fullForm ? 1_000 : 400;
    const hosts = await startSimHosts(2, { slots: 1, tps: tokensPerSecond });
    const places = 8;
    const cluster = await startCluster([
      '--slots',
      '1',
      '--max-queue',
      String(places),
      ...hosts.flatMap((host) => ['--ollama', host.url]),
    ]);
    for (let count = 0; count < 6; count += 1) await startCount(cluster.url, { upTo: heldTokens }).outcome;
    // Time of as many requests that need no host: the share of client and machine in the time of a refusal.
    const control = await Promise.all(
      Array.from({ length: burst }, () => timed(`${cluster.url}/api/version`)),
    );
    const begunAtMs = performance.now();
    const held = Array.from(
      { length: 2 * (places + 1) },
      () => startCount(cluster.url, { upTo: heldTokens }).outcome,
    );
    const areFull = async (): Promise<boolean> => {
      const { nodes } = (await (await fetch(`${cluster.url}/api/v1/status`)).json()) as StatusBody;
      return nodes.flatMap(({ instances }) => instances).every(({ queued }) => queued >= places - 1);
    };
    await waitUntil('every queue is full', areFull, { timeoutMs: 5_000 });
    const refusals = await Promise.all(Array.from({ length: burst }, () => askRefused(cluster.url)));
    const outcomes = await Promise.all(held);
    const burstMs = performance.now() - begunAtMs;
    const refused = refusals.filter(({ status }) => status === 503);
    const controlMs = Math.max(...control.map(({ tookMs }) => tookMs));
    const tookMs = refused.map((refusal) => refusal.tookMs).toSorted((a, b) => a - b);
    const retryAfter = refused.map((refusal) => refusal.retryAfterSeconds);
    const lines = cluster
      .stderr()
      .split('\n')
      .filter((line) => /refused/.test(line)).length;
    recordFigure('requests refused of the burst', `${refused.length} of ${burst}`);
    recordFigure('time until a refusal, median', median(tookMs), 'ms');
    recordFigure('time until a refusal, longest', tookMs.at(-1) ?? Number.NaN, 'ms', '<= 3 x version + 500');
    recordFigure('as many requests for the version, longest', controlMs, 'ms');
    recordFigure('time the queues took to empty', burstMs, 'ms');
    recordFigure('retry-after, longest', Math.max(...retryAfter), 's', `<= ${Math.ceil(burstMs / 1_000)}`);
    recordFigure('log lines about refusals', lines);
    expect(refused.length).toBeGreaterThan(burst / 2);
    expect(outcomes.filter(({ ending }) => ending === 'cut')).toEqual([]);
    expect(tookMs.at(-1)).toBeLessThanOrEqual(3 * controlMs + 500);
    expect(Math.max(...retryAfter)).toBeLessThanOrEqual(Math.ceil(burstMs / 1_000));
    expect(lines).toBeLessThanOrEqual(4);
  });
});

interface StatusBody {
  readonly nodes: readonly { readonly instances: readonly { readonly queued: number }[] }[];
}

interface Timed {
  readonly status: number;
  readonly tookMs: number;
  readonly retryAfterSeconds: number;
}

async function timed(url: string, init: RequestInit = {}): Promise<Timed> {
  const begunAtMs = performance.now();
  const response = await fetch(url, init);
  const tookMs = performance.now() - begunAtMs;
  await response.arrayBuffer();
  return { status: response.status, tookMs, retryAfterSeconds: Number(response.headers.get('retry-after')) };
}

async function askRefused(url: string): Promise<Timed> {
  const options = { num_predict: heldTokens };
  const body = JSON.stringify({ model: 'sim-count', prompt: 'count', options });
  return await timed(`${url}/api/generate`, { method: 'POST', body });
}
