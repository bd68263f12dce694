import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Cluster, startCluster, stopLeftovers } from '../lib/cluster.ts';
import { type CountDialect, startCount } from '../lib/count-stream.ts';
import { recordFigure } from '../lib/figures.ts';
import { type SimHost, startSimHost, stopSimHosts } from '../lib/sim-host.ts';
import { waitUntil } from '../lib/wait-until.ts';

/** About 16,000 tokens: 16 s of prefill on this host. */
const longPrompt = 'count every sheep that comes over the hill '.repeat(2_000);

let host: SimHost;
let cluster: Cluster;

beforeAll(async () => {
  host = await startSimHost({ tps: 20, 'prefill-tps': 1_000 });
  cluster = await startCluster(['--ollama', host.url]);
  expect((await startCount(cluster.url, { upTo: 1 }).outcome).ending).toBe('complete');
});

afterAll(async () => {
  await stopLeftovers();
  await stopSimHosts();
});

describe('a client that goes away', () => {
  it.each<[CountDialect, 'decode' | 'prefill']>([
    ['ollama', 'decode'],
    ['openai', 'decode'],
    ['ollama', 'prefill'],
    ['openai', 'prefill'],
  ])('frees the slot within a second (%s client, in %s)', async (dialect, phase) => {
    const stream = startCount(cluster.url, {
      upTo: 10_000,
      dialect,
      ...(phase === 'prefill' ? { prompt: longPrompt } : {}),
    });
    if (phase === 'decode') await stream.reached(5);
    else
      await waitUntil('the request is inside Ollama', async () => (await host.state()).busy === 1, {
        timeoutMs: 5_000,
      });
    expect(stream.count() > 0).toBe(phase === 'decode');
    const before = performance.now();
    stream.abort();
    await waitUntil('the slot is free', async () => (await host.state()).busy === 0, {
      timeoutMs: 5_000,
      everyMs: 10,
    });
    const freedMs = performance.now() - before;
    recordFigure(`cancel to slot free (${dialect}, ${phase})`, freedMs / 1000, 's', '<= 1');
    expect(freedMs).toBeLessThanOrEqual(1_000);
    const next = await startCount(cluster.url, { upTo: 3 }).outcome;
    expect(next.ending).toBe('complete');
  });
});
