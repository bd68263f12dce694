import Anthropic, { APIError, NotFoundError } from '@anthropic-ai/sdk';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { type Stack, startStack } from './testing/stack.ts';
import { until } from './testing/until.ts';

/** The package `@anthropic-ai/sdk` with a gateway, fleet, node-agents and three simulated hosts. */
let stack: Stack;
let client: Anthropic;

const question = [{ role: 'user' as const, content: 'count' }];
const toFive = '1 2 3 4 5';

function running(): number {
  return stack.sims.reduce((sum, sim) => sum + sim.state().busy, 0);
}

beforeAll(async () => {
  const sim = { tokensPerSecond: 2_000 };
  stack = await startStack({
    sims: [sim, sim, sim],
    gateway: { aliases: ['claude-*=sim-count', 'thinker=sim-think'] },
  });
  client = new Anthropic({ baseURL: stack.gateway.url, apiKey: 'none', maxRetries: 0 });
});

afterAll(async () => await stack.end());

it('gets a message under a name of Claude', async () => {
  const { data, response, request_id } = await client.messages
    .create({ model: 'claude-opus-9', max_tokens: 5, messages: question })
    .withResponse();
  expect(data).toMatchObject({
    role: 'assistant',
    content: [{ type: 'text', text: toFive }],
    stop_reason: 'max_tokens',
    usage: { output_tokens: 5 },
  });
  expect(response.headers.get('x-drover-model')).toBe('sim-count:latest');
  expect(request_id).toBe(response.headers.get('x-drover-request-id'));
});

it('streams a message with its helper', async () => {
  const stream = client.messages.stream({ model: 'claude-x', max_tokens: 5, messages: question });
  const texts: string[] = [];
  stream.on('text', (text) => texts.push(text));
  const message = await stream.finalMessage();
  expect(texts.join('')).toBe(toFive);
  expect(message).toMatchObject({ content: [{ type: 'text', text: toFive }], stop_reason: 'max_tokens' });
});

it('gets thinking before the text', async () => {
  const message = await client.messages
    .stream({
      model: 'thinker',
      max_tokens: 2_000,
      messages: question,
      thinking: { type: 'enabled', budget_tokens: 1_024 },
    })
    .finalMessage();
  expect(message.content.map(({ type }) => type)).toEqual(['thinking', 'text']);
});

it('goes on without thinking if the model cannot think', async () => {
  const message = await client.messages.create({
    model: 'claude-x',
    max_tokens: 1_030,
    messages: question,
    thinking: { type: 'enabled', budget_tokens: 1_024 },
    stop_sequences: [' 6'],
  });
  expect(message.content).toMatchObject([{ type: 'text', text: toFive }]);
});

const weather = {
  name: 'get_weather',
  description: 'The weather of a city',
  input_schema: {
    type: 'object' as const,
    properties: { city: { type: 'string' }, days: { type: 'integer' } },
    required: ['city'],
  },
};

it('forces a call, whole and streamed, with arguments that fit the schema', async () => {
  const forced = {
    model: 'claude-x',
    max_tokens: 200,
    messages: question,
    tools: [weather],
    tool_choice: { type: 'tool' as const, name: 'get_weather' },
  };
  for (const message of [
    await client.messages.create(forced),
    await client.messages.stream(forced).finalMessage(),
  ]) {
    expect(message.stop_reason).toBe('tool_use');
    expect(message.content).toMatchObject([
      {
        type: 'tool_use',
        name: 'get_weather',
        input: { city: expect.any(String) as unknown, days: expect.any(Number) as unknown },
      },
    ]);
  }
});

it('goes on after the result of a call', async () => {
  const message = await client.messages.create({
    model: 'claude-x',
    max_tokens: 5,
    system: [{ type: 'text', text: 'count', cache_control: { type: 'ephemeral' } }],
    messages: [
      ...question,
      {
        role: 'assistant',
        content: [{ type: 'tool_use', id: 't1', name: 'get_weather', input: { city: 'x' } }],
      },
      { role: 'user', content: [{ type: 'tool_result', tool_use_id: 't1', content: 'sunny' }] },
    ],
  });
  expect(message.content).toMatchObject([{ type: 'text' }]);
});

it('counts tokens and lists models', async () => {
  const { input_tokens } = await client.messages.countTokens({ model: 'claude-x', messages: question });
  expect(input_tokens).toBeGreaterThan(0);
  const ids: string[] = [];
  for await (const { id } of client.models.list({ limit: 2 })) ids.push(id);
  expect(ids).toEqual(expect.arrayContaining(['sim-count:latest', 'sim-chat:latest', 'thinker']));
  expect((await client.models.retrieve('claude-x')).display_name).toBe('claude-x');
});

it('throws the errors of the server', async () => {
  const failed = client.messages.create({ model: 'nosuch', max_tokens: 5, messages: question });
  await expect(failed).rejects.toBeInstanceOf(NotFoundError);
  await expect(failed).rejects.toMatchObject({ error: { error: { message: "model 'nosuch' not found" } } });
});

it('cancels at the host when the client disconnects', async () => {
  const stream = client.messages.stream({ model: 'claude-x', max_tokens: 100_000, messages: question });
  const ended = stream.done().catch((error: unknown) => error);
  await stream.emitted('text');
  expect(running()).toBe(1);
  stream.abort();
  await ended;
  await until(() => running() === 0, 'free slots', 1_000);
});

it('throws when the host breaks in the middle', async () => {
  const broken = await startStack({ sims: [{ tokensPerSecond: 500 }] });
  try {
    broken.sims[0]?.fault({ kind: 'cut', after: 5, times: 2 });
    const lost = new Anthropic({ baseURL: broken.gateway.url, apiKey: 'none', maxRetries: 0 });
    const stream = lost.messages.stream({ model: 'sim-count', max_tokens: 100, messages: question });
    await expect(stream.finalMessage()).rejects.toBeInstanceOf(APIError);
  } finally {
    await broken.end();
  }
});
