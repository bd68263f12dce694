import type { AgentsClient, AgentView, RunView } from '@drover/agents';
import { afterEach, expect, it } from 'vitest';
import type { KeySpec } from '../../keys/change-key.ts';
import { createTestKeys } from '../../testing/key-setup.ts';
import { noAgents } from '../../testing/no-agents.ts';
import { startScriptedGateway } from '../../testing/scripted-gateway.ts';
import { until } from '../../testing/until.ts';

const ends: (() => Promise<void> | void)[] = [];
afterEach(async () => {
  for (const end of ends.splice(0).toReversed()) await end();
});

const usage = { promptTokens: 100, completionTokens: 300, durationMs: 5 };
const result = { runId: 'r', status: 'completed', output: 'o', usage, node: 'h' } as const;

/** A gateway whose agents end tasks at once, and recorded runs when the test says so. */
async function setup(spec: KeySpec) {
  const keys = await createTestKeys({ key: spec });
  ends.push(() => keys.close());
  const asked: unknown[] = [];
  let run: Partial<RunView> = { status: 'running' };
  const own: AgentsClient = {
    ...noAgents,
    get: () => Promise.resolve({ id: 'a', model: 'm:latest' } as AgentView),
    spawn: () => Promise.resolve({ id: 'a', node: 'h' } as AgentView),
    task: () => Promise.resolve(result),
    submit: () => Promise.resolve({ runId: 'r' }),
    run: () => Promise.resolve(run as RunView),
  };
  const agents: AgentsClient = { ...own, forTenant: (...who) => (asked.push(who), own) };
  const gateway = await startScriptedGateway({ keys: keys.keys, agents });
  ends.push(() => gateway[Symbol.asyncDispose]());
  const headers = { 'x-api-key': keys.texts.key };
  const task = (mode = 'sync') => gateway.post('/api/v1/agents/a/task', { input: 'x', mode }, { headers });
  const spawn = (model?: string) => gateway.post('/api/v1/agents/spawn', { type: 't', model }, { headers });
  return { asked, task, spawn, end: (as: Partial<RunView>) => void (run = as) };
}

it.each(['sync', 'async', 'stream'])('counts a task in the mode %s as a request of its key', async (mode) => {
  const { task, asked } = await setup({ requestsPerMinute: 1, tenant: 'acme' });
  expect((await task(mode)).ok).toBe(true);
  expect(asked.at(-1)).toMatchObject(['acme', { tenant: 'acme', roles: ['user'] }]);
  const refused = await task(mode);
  expect(refused.status).toBe(429);
  expect(refused.headers.get('retry-after')).not.toBeNull();
  expect(await refused.json()).toMatchObject({ error: { code: 'rate-limited' } });
});

it('counts the tokens that the task used, not those that were estimated', async () => {
  const { task } = await setup({ tokensPerMinute: 2_000 });
  await (await task()).text();
  const left = Number((await task()).headers.get('x-ratelimit-remaining-tokens'));
  expect(left).toBeLessThanOrEqual(2_000 - 400 - 512);
  expect(left).toBeGreaterThan(2_000 - 2 * 600);
});

it('keeps the place of a recorded run until the run has ended', async () => {
  const { task, end } = await setup({ concurrentRequests: 1 });
  expect((await task('async')).status).toBe(202);
  expect((await task()).status).toBe(429);
  end({ status: 'completed', usage });
  await until(async () => (await task()).status === 200, 'the end of the run');
});

it('gives a key that is limited to models only agents with these models', async () => {
  const narrow = await setup({ models: ['other'] });
  expect((await narrow.spawn('m')).status).toBe(403);
  expect((await narrow.spawn('other')).status).toBe(201);
  expect((await narrow.task()).status).toBe(403);
  expect((await (await setup({ models: ['m'] })).task()).status).toBe(200);
});
