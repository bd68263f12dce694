import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { type Cluster, joinRole, startCluster, stopLeftovers } from '../lib/cluster.ts';
import { recordFigure } from '../lib/figures.ts';
import { kill } from '../lib/processes.ts';
import { startSimHost, stopSimHosts } from '../lib/sim-host.ts';
import { waitUntil } from '../lib/wait-until.ts';

interface Agent {
  readonly id: string;
  readonly type: string;
  readonly status: string;
  readonly node: string;
  readonly incarnation: number;
}

async function post(
  url: string,
  body: unknown,
  headers: Record<string, string> = {},
): Promise<{ status: number; body: Record<string, unknown> }> {
  const response = await fetch(url, {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...headers },
    body: JSON.stringify(body),
    signal: AbortSignal.timeout(20_000),
  });
  return { status: response.status, body: (await response.json()) as Record<string, unknown> };
}

async function spawnAgent(cluster: Cluster): Promise<Agent> {
  const { status, body } = await post(`${cluster.url}/api/v1/agents/spawn`, {
    type: 'assistant',
    model: 'sim-count',
    options: { num_predict: 8 },
  });
  expect(status).toBe(201);
  return body as unknown as Agent;
}

describe('an agent', () => {
  describe('on a healthy fleet', () => {
    let cluster: Cluster;
    beforeAll(async () => {
      cluster = await startCluster(['--sim', '1']);
    });
    afterAll(stopLeftovers);

    it('answers a task plainly, asynchronously and as a stream', async () => {
      const agent = await spawnAgent(cluster);
      expect(agent).toMatchObject({ type: 'assistant', incarnation: 1, node: 'host-1' });
      const task = `${cluster.url}/api/v1/agents/${agent.id}/task`;
      const sync = await post(task, { input: 'count', mode: 'sync' });
      expect(sync.status).toBe(200);
      expect(sync.body).toMatchObject({ status: 'completed', output: '1 2 3 4 5 6 7 8', node: 'host-1' });
      const submitted = await post(task, { input: 'count', mode: 'async' });
      expect(submitted.status).toBe(202);
      const run = await waitUntil('the run has ended', async () => {
        const view = (await (
          await fetch(`${cluster.url}/api/v1/runs/${String(submitted.body['runId'])}`)
        ).json()) as { status: string; output?: string };
        return view.status === 'running' ? undefined : view;
      });
      expect(run).toMatchObject({ status: 'completed', output: '1 2 3 4 5 6 7 8' });
      const stream = await fetch(task, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify({ input: 'count', mode: 'stream' }),
      });
      expect(stream.headers.get('content-type')).toContain('text/event-stream');
      expect(await stream.text()).toContain('event: completed');
    });

    it('is the same for the same idempotency key', async () => {
      const spawn = `${cluster.url}/api/v1/agents/spawn`;
      const first = await post(spawn, { type: 'assistant' }, { 'idempotency-key': 'k-1' });
      const second = await post(spawn, { type: 'assistant' }, { 'idempotency-key': 'k-1' });
      const other = await post(spawn, { type: 'translator' }, { 'idempotency-key': 'k-1' });
      expect(second.body['id']).toBe(first.body['id']);
      expect(other.status).toBe(409);
      expect((await post(spawn, { type: 'no-such-type' })).body).toMatchObject({
        error: { code: 'unknown-agent-type', field: 'type' },
      });
    });
  });

  describe('whose node is killed', () => {
    afterEach(async () => {
      await stopLeftovers();
      await stopSimHosts();
    });

    it.each([
      ['on another node', true],
      ['on its restarted node', false],
    ])(
      'comes back %s with the same id and the next incarnation, and its current task ends with an error',
      async (where, second) => {
        const host = await startSimHost({ tps: 10, slots: 4 });
        const cluster = await startCluster(['--slots', '4', '--ollama', host.url]);
        const agent = await spawnAgent(cluster);
        if (second) await joinRole(cluster, ['host', '--id', 'host-2'], 'host-2');
        const victim = agent.node === 'host-1' ? cluster.processOf('host-1') : undefined;
        const task = `${cluster.url}/api/v1/agents/${agent.id}/task`;
        const slow = await post(`${cluster.url}/api/v1/agents/spawn`, {
          type: 'assistant',
          model: 'sim-count',
          options: { num_predict: 500 },
        });
        const slowTask = `${cluster.url}/api/v1/agents/${String(slow.body['id'])}/task`;
        const victimTask =
          slow.body['node'] === 'host-1'
            ? post(slowTask, { input: 'count', mode: 'sync', timeoutMs: 60_000 })
            : undefined;
        await waitUntil(
          'the task is inside Ollama',
          async () => victimTask === undefined || (await host.state()).busy >= 1,
        );
        const struckAtMs = performance.now();
        kill((victim as { pid: number }).pid);
        if (victimTask !== undefined) {
          const lost = await victimTask;
          recordFigure(
            `agent's node killed (${where}): current task ended with an error after`,
            (performance.now() - struckAtMs) / 1000,
            's',
          );
          expect(lost.status).toBeGreaterThanOrEqual(500);
          expect(lost.body).toMatchObject({ error: { code: 'agent-lost' } });
        }
        const answer = await waitUntil(
          'the agent answers a new task',
          async () => {
            const reply = await post(task, { input: 'count', mode: 'sync', timeoutMs: 5_000 });
            return reply.status === 200 ? reply : undefined;
          },
          { timeoutMs: 15_000, everyMs: 50 },
        );
        const backMs = performance.now() - struckAtMs;
        recordFigure(`agent's node killed (${where}): answers a new task after`, backMs / 1000, 's', '<= 10');
        expect(answer.body).toMatchObject({ status: 'completed', output: '1 2 3 4 5 6 7 8' });
        const now = (await (await fetch(`${cluster.url}/api/v1/agents/${agent.id}`)).json()) as Agent;
        expect(now).toMatchObject({ id: agent.id, incarnation: 2 });
        expect(backMs).toBeLessThanOrEqual(10_000);
        await cluster.stop();
      },
    );
  });
});
