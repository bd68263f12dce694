import { freePort } from '@drover/actor-core/testing';
import { afterEach, expect, it } from 'vitest';
import { joinRole, runDrover, startCluster, stopLeftovers } from '../lib/cluster.ts';
import { kill } from '../lib/processes.ts';
import { waitUntil } from '../lib/wait-until.ts';

afterEach(stopLeftovers);

const limit = 60;

interface Answer {
  readonly startedAtMs: number;
  readonly endedAtMs: number;
  readonly status: number;
  readonly retryAfter: string | null;
}

async function generate(url: string, key: string): Promise<Answer> {
  const startedAtMs = performance.now();
  const response = await fetch(`${url}/api/generate`, {
    method: 'POST',
    headers: { authorization: `Bearer ${key}` },
    body: JSON.stringify({ model: 'sim-count', prompt: 'a', stream: false, options: { num_predict: 1 } }),
  });
  await response.arrayBuffer();
  const retryAfter = response.headers.get('retry-after');
  return { startedAtMs, endedAtMs: performance.now(), status: response.status, retryAfter };
}

/** Most requests that were certainly let in within one minute. */
function peak(answers: readonly Answer[]): number {
  const served = answers.filter(({ status }) => status === 200);
  const within = ({ startedAtMs }: Answer): number =>
    served.filter((other) => other.startedAtMs >= startedAtMs && other.endedAtMs <= startedAtMs + 60_000)
      .length;
  return Math.max(...served.map(within));
}

it('holds a limit over three gateways, one of which dies and one of which joins', async () => {
  const cluster = await startCluster(['--sim', '2', '--slots', '8']);
  const create = async (...args: string[]): Promise<string> =>
    (await runDrover(['key', 'create', '--data', cluster.dataDir, ...args])).stdout.trim();
  const admin = await create('--role', 'admin');
  const join = async (id: string) => {
    const port = await freePort();
    const { pid } = await joinRole(cluster, ['gateway', '--id', id, '--port', String(port)], id, {
      key: admin,
    });
    const url = `http://127.0.0.1:${port}`;
    await waitUntil(`${id} serves`, async () => (await generate(url, admin)).status === 200);
    return { url, pid };
  };
  const second = await join('gateway-2');
  const third = await join('gateway-3');
  const key = await create('--name', 'limited', '--requests-per-minute', String(limit));
  const urls = [cluster.url, second.url, third.url];
  for (const url of urls)
    await waitUntil('the gateway knows the key', async () => {
      const { status } = await fetch(`${url}/api/tags`, { headers: { 'x-api-key': key } });
      return status === 200;
    });

  const answers: Answer[] = [];
  const burst = async (to: readonly string[], each: number): Promise<void> => {
    const asked = to.flatMap((url) => Array.from({ length: each }, () => generate(url, key)));
    answers.push(...(await Promise.all(asked)));
  };
  await burst(urls, 15);
  kill(third.pid);
  await burst(urls.slice(0, 2), 20);
  const fourth = await join('gateway-4');
  await burst([cluster.url, second.url, fourth.url], 20);

  const served = peak(answers);
  const refused = answers.filter(({ status }) => status === 429);
  expect(answers.every(({ status }) => status === 200 || status === 429)).toBe(true);
  expect(served).toBeLessThanOrEqual(limit * 1.05);
  // Slices that the dead gateway had are lost for this minute.
  expect(served).toBeGreaterThanOrEqual(limit * 0.8);
  expect(refused.length).toBeGreaterThan(0);
  expect(refused.every(({ retryAfter }) => Number(retryAfter) >= 1)).toBe(true);
  process.stdout.write(`${served} of ${limit} requests were let in over three gateways\n`);
  const usage = await runDrover(['usage', '--csv', '--of-key', 'limited', '--data', cluster.dataDir]);
  expect(usage).toMatchObject({
    code: 0,
    stdout: expect.stringMatching(/^hour,key,tenant,.*\n.*,default,sim-count.*,limited,\d+,/) as string,
  });
  expect(await cluster.stop()).toBe(0);
});
