import { afterEach, expect, it } from 'vitest';
import { type Cluster, runDrover, startCluster, stopLeftovers } from '../lib/cluster.ts';
import { waitUntil } from '../lib/wait-until.ts';

afterEach(stopLeftovers);

async function deadlineOf(cluster: Cluster): Promise<string | null> {
  const response = await fetch(`${cluster.url}/api/generate`, {
    method: 'POST',
    headers: { 'x-drover-timeout-ms': '86400000' },
    body: JSON.stringify({ model: 'sim-count', prompt: '', stream: false, options: { num_predict: 1 } }),
  });
  await response.arrayBuffer();
  return response.headers.get('x-drover-timeout-ms');
}

it('changes a setting in running processes, keeps it over a restart, and takes it back', async () => {
  const cluster = await startCluster(['--sim', '1']);
  const config = async (...args: string[]) =>
    runDrover(['config', ...args, '--url', cluster.url, '--data', cluster.dataDir]);
  expect(await deadlineOf(cluster)).toBe('86400000');

  expect(await config('set', 'request-timeout', '90s')).toMatchObject({
    code: 0,
    stdout: 'request-timeout is 90s\n',
  });
  await waitUntil('the gateway uses the new deadline', async () => (await deadlineOf(cluster)) === '90000');
  expect((await config('ls', '--json')).stdout).toContain('"key":"request-timeout","value":"90s"');

  process.kill(cluster.processOf('gateway-1').pid, 'SIGKILL');
  await waitUntil(
    'the new gateway uses it too',
    async () => (await deadlineOf(cluster).catch(() => null)) === '90000',
    { everyMs: 100 },
  );

  expect(await config('unset', 'request-timeout')).toMatchObject({ code: 0 });
  await waitUntil('the deadline is gone', async () => (await deadlineOf(cluster)) === '86400000');

  const wrong = await config('set', 'max-streams', 'many');
  expect(wrong).toMatchObject({ code: 2, stderr: expect.stringContaining('--max-streams') as string });
  const fixed = await config('set', 'port', '80');
  expect(fixed.code).not.toBe(0);
  expect(fixed.stderr).toContain('port cannot change while the cluster runs');
});
