import type { ServerResponse } from 'node:http';
import { afterEach, describe, expect, it } from 'vitest';
import { type Cluster, runDrover, startCluster, stopLeftovers } from '../lib/cluster.ts';
import { recordFigure } from '../lib/figures.ts';
import { type FrontHost, startFrontHost } from '../lib/front-host.ts';
import { startSimHosts, stopSimHosts } from '../lib/sim-host.ts';
import { waitUntil } from '../lib/wait-until.ts';

const fronts: FrontHost[] = [];
afterEach(async () => {
  await stopLeftovers();
  for (const front of fronts.splice(0)) await front.close();
  await stopSimHosts();
});

const requests = 1_000;
const clients = 4;

async function twoHosts(): Promise<{ cluster: Cluster; ill: FrontHost; good: FrontHost }> {
  const sims = await startSimHosts(2, { slots: 4, tps: 5_000, 'load-ms': 0 });
  for (const sim of sims) fronts.push(await startFrontHost(sim.url));
  const [ill, good] = fronts as [FrontHost, FrontHost];
  const cluster = await startCluster(['--slots', '4', '--ollama', ill.url, '--ollama', good.url]);
  return { cluster, ill, good };
}

function refuse(status: number, error: string): (response: ServerResponse) => void {
  return (response) => {
    response.writeHead(status, { 'content-type': 'application/json' });
    response.end(JSON.stringify({ error }));
  };
}

async function ask(url: string): Promise<Response> {
  return fetch(`${url}/api/generate`, {
    method: 'POST',
    body: JSON.stringify({ model: 'sim-count', prompt: 'count', stream: false, options: { num_predict: 2 } }),
  });
}

/** Sends requests by closed-loop clients; returns how many were not answered with 200. */
async function load(url: string, count: number): Promise<number> {
  let left = count;
  let errors = 0;
  await Promise.all(
    Array.from({ length: clients }, async () => {
      while (left > 0) {
        left -= 1;
        const response = await ask(url);
        await response.arrayBuffer();
        if (response.status !== 200) errors += 1;
      }
    }),
  );
  return errors;
}

describe('a host that answers its probes and refuses every request', () => {
  it.each([
    [500, 'model requires more system memory (5.6 GiB) than is available (3.1 GiB)'],
    [503, 'server busy, please try again.  maximum pending requests exceeded'],
  ])(
    'with %i causes no client error, gets no traffic, is named by doctor and serves again once it is healthy',
    async (status, text) => {
      const { cluster, ill, good } = await twoHosts();
      ill.answer(refuse(status, text));
      const firstErrors = await load(cluster.url, 10);
      const before = ill.posts;
      const errors = firstErrors + (await load(cluster.url, requests));
      const share = (ill.posts - before) / (ill.posts - before + requests);
      recordFigure(`${status}: errors at the client`, errors, 'requests', '0');
      recordFigure(`${status}: attempts at the ill host after the first ten`, share * 100, '%', '<= 5');
      expect(errors).toBe(0);
      expect(share).toBeLessThanOrEqual(0.05);

      const doctor = await runDrover(['doctor', '--url', cluster.url, '--data', cluster.dataDir, '--json']);
      const checks = JSON.parse(doctor.stdout) as { check: string; ok: boolean; detail: string }[];
      expect(doctor.code).toBe(1);
      expect(checks.find(({ check }) => check === 'refusals')).toMatchObject({
        ok: false,
        detail: expect.stringContaining(`answered ${status}: ${text}`),
      });

      good.answer(refuse(503, 'server busy'));
      const refused = await ask(cluster.url);
      expect(refused.status).toBe(503);
      expect(Number(refused.headers.get('retry-after'))).toBeGreaterThanOrEqual(1);
      expect(await refused.json()).toEqual({ error: expect.stringContaining('server busy') });
      const why = await runDrover([
        'why',
        refused.headers.get('x-drover-request-id') ?? '',
        '--url',
        cluster.url,
        '--json',
      ]);
      expect(JSON.parse(why.stdout)).toMatchObject({ outcome: 'refused', attempts: expect.any(Array) });

      for (const host of [ill, good]) host.answer(undefined);
      const wellFrom = ill.posts;
      await waitUntil(
        'the host that was ill serves again',
        async () => {
          await load(cluster.url, 20);
          return ill.posts - wellFrom > 5;
        },
        { timeoutMs: 90_000, everyMs: 500 },
      );
    },
  );
});
