import { afterEach, expect, it } from 'vitest';
import type { GatewayConfig } from '../config.ts';
import { createTestKeys } from '../testing/key-setup.ts';
import { startStack, type Stack, type StackOptions } from '../testing/stack.ts';
import { until } from '../testing/until.ts';

const stacks: Stack[] = [];
afterEach(async () => {
  for (const stack of stacks.splice(0)) await stack.end();
});

const weights = { name: 'weights', sizeBytes: 40_000 };
const heavy = { name: 'heavy', sizeBytes: 400_000 };
const registry = [weights, heavy];
const fast = { registry, pullBytesPerSecond: 1e9 };
const slow = { registry, pullBytesPerSecond: 40_000 };
const bearer = (text: string) => ({ authorization: `Bearer ${text}` });
const rules: Partial<GatewayConfig> = { unknownModel: 'pull', pullModels: ['*'] };

async function start(config: Partial<GatewayConfig>, options: StackOptions = {}) {
  const stack = await startStack({ sims: [fast], ...options, gateway: { ...config, ...options.gateway } });
  stacks.push(stack);
  const { url } = stack.gateway;
  const chat = async (model: string, path = '/api/chat', headers: Record<string, string> = {}) => {
    const messages = [{ role: 'user', content: 'hi' }];
    const body = JSON.stringify({
      model,
      messages,
      max_tokens: 4,
      options: { num_predict: 4 },
      stream: false,
    });
    const response = await fetch(url + path, { method: 'POST', body, headers });
    return {
      status: response.status,
      text: await response.text(),
      retryAfter: response.headers.get('retry-after'),
    };
  };
  const jobs = async (): Promise<{ readonly model: string; readonly state: string }[]> =>
    ((await (await fetch(`${url}/api/v1/admin-jobs`)).json()) as { jobs: [] }).jobs;
  return { stack, url, chat, jobs };
}

it('has one host pull the model that a hundred requests name, in every dialect, and serves them all', async () => {
  const { stack, chat, jobs } = await start(rules, {
    sims: [fast, fast],
    slots: 8,
    agent: { maxQueue: 128 },
  });
  const paths = ['/api/chat', '/v1/chat/completions', '/v1/messages'];
  const answers = await Promise.all(
    Array.from({ length: 100 }, async (_, index) => chat('weights', paths[index % paths.length])),
  );
  expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([200]));
  expect(await jobs()).toMatchObject([{ operation: 'pull', model: 'weights:latest', state: 'done' }]);
  expect(stack.sims.reduce((sum, sim) => sum + sim.state()['layerStarts'], 0)).toBe(1);
});

it('answers 503 with a retry time and the progress when the pull outlasts the wait, and the pull goes on', async () => {
  const { chat, jobs } = await start({ ...rules, pullWaitMs: 300 }, { sims: [slow] });
  const late = await chat('weights', '/v1/chat/completions');
  expect(late).toMatchObject({ status: 503, retryAfter: '5' });
  expect(late.text).toContain("the model 'weights:latest' is being pulled");
  await until(async () => (await jobs())[0]?.state === 'done', 'the end of the pull', 20_000);
  expect((await chat('weights')).status).toBe(200);
  expect(await jobs()).toHaveLength(1);
});

it('says why a pull failed, and does not attempt it again for the next request', async () => {
  const { stack, chat, jobs } = await start(rules);
  const first = await chat('nowhere');
  expect(first.status).toBe(404);
  expect(first.text).toMatch(/model 'nowhere:latest' not found, and cannot be pulled: .*file does not exist/);
  const [before] = await jobs();
  expect(await chat('nowhere')).toEqual(first);
  expect(await jobs()).toEqual([before]);
  expect(stack.sims[0]?.state()).toMatchObject({ layerStarts: 0 });
});

it.each([
  ['a policy that refuses', { unknownModel: 'refuse', pullModels: ['*'] }, 'weights'],
  ['a name that no pattern fits', { unknownModel: 'pull', pullModels: ['llama*'] }, 'weights'],
  ["another registry, under a pattern for Ollama's library", rules, 'registry.example/a/weights'],
] as const)('refuses as Ollama does under %s', async (_, config, model) => {
  const { chat, jobs } = await start(config);
  expect(await chat(model)).toMatchObject({ status: 404, text: `{"error":"model '${model}' not found"}` });
  expect(await jobs()).toEqual([]);
});

it('pulls no model that the key of the request may not use', async () => {
  const known = await createTestKeys({
    few: { roles: ['user'], models: ['base'] },
    all: { roles: ['admin'] },
  });
  const { chat } = await start({ ...rules, keys: known.keys } as Partial<GatewayConfig>);
  expect((await chat('weights', '/api/chat', bearer(known.texts.few))).status).toBe(403);
  expect((await chat('weights', '/api/chat', bearer(known.texts.all))).status).toBe(200);
  known.close();
});

it('gives up a model that is too large, and ends its job', async () => {
  const { chat, jobs } = await start({ ...rules, maxPullBytes: 100_000 }, { sims: [slow] });
  const answer = await chat('heavy', '/v1/messages');
  expect(answer.status).toBe(403);
  expect(answer.text).toMatch(/has 1 MB, and requests may pull at most 1 MB/);
  expect(await jobs()).toEqual([]);
});

it('pulls no more models at the same time than it may', async () => {
  const { chat, jobs } = await start({ ...rules, maxPulls: 1, pullWaitMs: 300 }, { sims: [slow] });
  const [one, other] = await Promise.all([chat('weights'), chat('heavy')]);
  expect([one?.status, other?.status]).toEqual([503, 503]);
  expect(`${one?.text}${other?.text}`).toMatch(/1 models are being pulled already/);
  expect(await jobs()).toHaveLength(1);
});
