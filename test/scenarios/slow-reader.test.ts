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

const tokensPerSecond = 100;
const neighbourTokens = 200;
/** Counts that each neighbour makes while the reader reads nothing: 2 s each. */
const countsDuringPause = fullForm ? 30 : 3;

describe('a reader that stops reading', () => {
  it('costs the gateway under 5 MB and slows no other stream', async () => {
    const hosts = await startSimHosts(1, { slots: 16, tps: tokensPerSecond });
    const cluster = await startCluster(['--slots', '16', ...hosts.flatMap((host) => ['--ollama', host.url])]);
    const gatewayPid = cluster.processOf('gateway-1').pid;
    const neighbours = Array.from({ length: 5 }, () => startNeighbour(cluster.url));
    const eachHasCounted = (times: number): Promise<unknown> =>
      Promise.all(neighbours.map((neighbour) => neighbour.hasCounted(times)));
    // The gateway's heap and its compiled code reach their size under load before memory counts.
    await eachHasCounted(2);
    const before = await settledBytes(gatewayPid);
    const slow = startCount(cluster.url, { upTo: 1_000_000 });
    await slow.reached(50);
    slow.pause();
    const pausedAtMs = performance.now();
    const gapsBefore = neighbours.map((neighbour) => neighbour.takeMaxGapMs());
    await eachHasCounted(countsDuringPause);
    const after = await settledBytes(gatewayPid);
    const pauseSeconds = Math.round((performance.now() - pausedAtMs) / 1_000);
    const gapsDuring = neighbours.map((neighbour) => neighbour.takeMaxGapMs());
    slow.abort();
    const problems = (await Promise.all(neighbours.map((neighbour) => neighbour.stop()))).filter(
      (problem) => problem !== '',
    );
    recordFigure(
      `gateway RSS grown while a reader paused ${pauseSeconds} s`,
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

/** The smallest of several readings, since garbage that is not yet collected is no growth. */
async function settledBytes(pid: number): Promise<number> {
  let smallest = Number.POSITIVE_INFINITY;
  for (let reading = 0; reading < 20; reading += 1) {
    smallest = Math.min(smallest, residentBytes(pid) ?? Number.NaN);
    await sleep(50);
  }
  return smallest;
}

interface Neighbour {
  /** The largest gap between two tokens since the last call. */
  takeMaxGapMs(): number;
  /** Resolves when it has made so many more counts, or has ended. */
  hasCounted(times: number): Promise<void>;
  /** The reason why it ended early; empty when it did not. */
  stop(): Promise<string>;
}

/** Streams one count after another until it is stopped. */
function startNeighbour(url: string): Neighbour {
  const control = { stopping: false };
  let maxGapMs = 0;
  let waiting: { left: number; resolve: () => void } | undefined;
  const loop = (async (): Promise<string> => {
    while (!control.stopping) {
      const outcome = await startCount(url, { upTo: neighbourTokens }).outcome;
      maxGapMs = Math.max(maxGapMs, outcome.maxGapMs);
      if (outcome.ending !== 'complete') return outcome.detail;
      if (waiting !== undefined) {
        waiting.left -= 1;
        if (waiting.left <= 0) waiting.resolve();
      }
    }
    return '';
  })();
  return {
    takeMaxGapMs: () => {
      const value = maxGapMs;
      maxGapMs = 0;
      return value;
    },
    hasCounted: async (times) => {
      const { promise, resolve } = Promise.withResolvers<void>();
      waiting = { left: times, resolve };
      await Promise.race([promise, loop]);
    },
    stop: async () => {
      control.stopping = true;
      return loop;
    },
  };
}
