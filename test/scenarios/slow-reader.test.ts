import { setTimeout as sleep } from 'node:timers/promises';
import { residentBytes } from '@drover/bench';
import { afterEach, describe, expect, it } from 'vitest';
import { startCluster, stopLeftovers } from '../lib/cluster.ts';
import { startCount } from '../lib/count-stream.ts';
import { fullForm, recordFigure } from '../lib/figures.ts';
import { startSimHosts, stopSimHosts } from '../lib/sim-host.ts';

afterEach(async () => {
  await stopLeftovers();
  await stopSimHosts();
});

const pauseMs = fullForm ? 60_000 : 10_000;

describe('a reader that stops reading', () => {
  it(`costs the gateway under 5 MB and slows nobody (${pauseMs / 1000} s)`, async () => {
    const hosts = await startSimHosts(1, { slots: 16, tps: 100 });
    const cluster = await startCluster(['--slots', '16', ...hosts.flatMap((host) => ['--ollama', host.url])]);
    const gatewayPid = cluster.processOf('gateway-1').pid;
    // Neighbours stream all the time, before and during the pause, so that the gateway's own warm-up is not counted.
    const neighbours = Array.from({ length: 5 }, () => startNeighbour(cluster.url));
    await sleep(8_000);
    const before = await settledBytes(gatewayPid);
    const slow = startCount(cluster.url, { upTo: 1_000_000 });
    await slow.reached(50);
    slow.pause();
    const gapsBefore = neighbours.map((neighbour) => neighbour.takeMaxGapMs());
    await sleep(pauseMs);
    const after = await settledBytes(gatewayPid);
    const gapsDuring = neighbours.map((neighbour) => neighbour.takeMaxGapMs());
    slow.abort();
    const problems = (await Promise.all(neighbours.map((neighbour) => neighbour.stop()))).filter(
      (problem) => problem !== '',
    );
    recordFigure(
      `gateway RSS grown while a reader paused ${pauseMs / 1000} s`,
      (after - before) / 1e6,
      'MB',
      '< 5',
    );
    recordFigure('largest gap of the neighbours, before the pause', Math.max(...gapsBefore), 'ms');
    recordFigure('largest gap of the neighbours, during the pause', Math.max(...gapsDuring), 'ms');
    expect(problems).toEqual([]);
    expect(after - before).toBeLessThan(5_000_000);
    expect(Math.max(...gapsDuring)).toBeLessThan(Math.max(500, 3 * Math.max(...gapsBefore)));
    await cluster.stop();
  });
});

/** The smallest of several readings: garbage not yet collected is not growth. */
async function settledBytes(pid: number): Promise<number> {
  let smallest = Number.POSITIVE_INFINITY;
  for (let reading = 0; reading < 20; reading += 1) {
    smallest = Math.min(smallest, residentBytes(pid) ?? Number.NaN);
    await sleep(50);
  }
  return smallest;
}

/** Streams one count after another until stopped. */
function startNeighbour(url: string): { takeMaxGapMs(): number; stop(): Promise<string> } {
  const control = { stopping: false };
  let maxGapMs = 0;
  const loop = (async (): Promise<string> => {
    while (!control.stopping) {
      const outcome = await startCount(url, { upTo: 400 }).outcome;
      maxGapMs = Math.max(maxGapMs, outcome.maxGapMs);
      if (outcome.ending !== 'complete') return outcome.detail;
    }
    return '';
  })();
  return {
    takeMaxGapMs: () => {
      const value = maxGapMs;
      maxGapMs = 0;
      return value;
    },
    stop: async () => {
      control.stopping = true;
      return loop;
    },
  };
}
