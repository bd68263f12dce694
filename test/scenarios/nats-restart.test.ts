import { afterEach, describe, expect, it } from 'vitest';
import { startCluster, stopLeftovers } from '../lib/cluster.ts';
import { startCount } from '../lib/count-stream.ts';
import { fullForm, recordFigure } from '../lib/figures.ts';
import { kill } from '../lib/processes.ts';
import { startSimHosts, stopSimHosts } from '../lib/sim-host.ts';
import { waitUntil } from '../lib/wait-until.ts';

afterEach(async () => {
  await stopLeftovers();
  await stopSimHosts();
});

describe('a restart of NATS under streaming load', () => {
  it.each(['SIGKILL', 'SIGTERM'] as const)(
    'loses and repeats no number of any stream (%s)',
    async (signal) => {
      const hosts = await startSimHosts(2, { slots: 32, tps: 30 });
      const cluster = await startCluster([
        '--slots',
        '32',
        ...hosts.flatMap((host) => ['--ollama', host.url]),
      ]);
      const running = Array.from({ length: 50 }, (_, index) =>
        startCount(cluster.url, {
          upTo: fullForm ? 300 : 180,
          dialect: index % 2 === 0 ? 'ollama' : 'openai',
        }),
      );
      await Promise.all(running.map((stream) => stream.reached(20)));
      const natsPid = cluster.ready.nats.pid as number;
      if (signal === 'SIGKILL') kill(natsPid);
      else process.kill(natsPid, signal);
      await waitUntil(
        'NATS is back',
        () => cluster.events.some((event) => event['event'] === 'nats-restarted'),
        { timeoutMs: 10_000 },
      );
      const backAtMs = performance.now();
      await waitUntil(
        'a new request succeeds',
        async () => (await startCount(cluster.url, { upTo: 3 }).outcome).ending === 'complete',
        { timeoutMs: 10_000, everyMs: 20 },
      );
      const recoveredMs = performance.now() - backAtMs;
      const outcomes = await Promise.all(running.map((stream) => stream.outcome));
      recordFigure(
        `NATS restart (${signal}): streams whole / error frame / cut`,
        ['complete', 'error-frame', 'cut']
          .map((ending) => outcomes.filter((outcome) => outcome.ending === ending).length)
          .join(' / '),
      );
      recordFigure(
        `NATS restart (${signal}): longest silence in a stream`,
        Math.max(...outcomes.map((outcome) => outcome.maxGapMs)) / 1000,
        's',
      );
      recordFigure(
        `NATS restart (${signal}): new request succeeds after NATS is back`,
        recoveredMs / 1000,
        's',
        '<= 3',
      );
      expect(outcomes.filter((outcome) => !outcome.contiguous)).toEqual([]);
      expect(outcomes.filter((outcome) => outcome.ending === 'cut')).toEqual([]);
      expect(recoveredMs).toBeLessThanOrEqual(3_000);
      await cluster.stop();
    },
  );
});
