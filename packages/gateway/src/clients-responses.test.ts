import OpenAI, { APIError, NotFoundError } from 'openai';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { type Stack, startStack } from './testing/stack.ts';

/** The package `openai` and three simulated hosts: `/v1/responses` and `tool_choice`. */
let stack: Stack;
let client: OpenAI;

const toFive = '1 2 3 4 5';

beforeAll(async () => {
  const sim = { tokensPerSecond: 2_000 };
  stack = await startStack({ sims: [sim, sim, sim] });
  client = new OpenAI({ baseURL: `${stack.gateway.url}/v1`, apiKey: 'none', maxRetries: 0 });
});

afterAll(async () => await stack.end());

it('gets a response, and its request id', async () => {
  const { data, response, request_id } = await client.responses
    .create({ model: 'sim-count', input: 'count', max_output_tokens: 5, instructions: 'count' })
    .withResponse();
  expect([data.output_text, data.usage?.output_tokens]).toEqual([toFive, 5]);
  expect(request_id).toBe(response.headers.get('x-drover-request-id'));
});

it('streams a response with its helper', async () => {
  const stream = client.responses.stream({ model: 'sim-count', input: 'count', max_output_tokens: 5 });
  let text = '';
  stream.on('response.output_text.delta', ({ delta }) => {
    text += delta;
  });
  const response = await stream.finalResponse();
  expect([text, response.output_text, response.status]).toEqual([toFive, toFive, 'completed']);
});

it('streams reasoning before the text', async () => {
  const stream = client.responses.stream({
    model: 'sim-think',
    input: 'think',
    reasoning: { effort: 'high' },
  });
  const { output } = await stream.finalResponse();
  expect(output.map(({ type }) => type)).toEqual(['reasoning', 'message']);
});

it('gets output that fits a schema', async () => {
  const response = await client.responses.create({
    model: 'sim-chat',
    input: 'x',
    max_output_tokens: 200,
    text: {
      format: {
        type: 'json_schema',
        name: 'answer',
        schema: { type: 'object', properties: { n: { type: 'integer' } }, required: ['n'] },
      },
    },
  });
  expect(JSON.parse(response.output_text)).toEqual({ n: expect.any(Number) as unknown });
});

const parameters = { type: 'object', properties: { city: { type: 'string' } }, required: ['city'] };

it('forces a call of a named tool and of any tool, whole and streamed', async () => {
  const tool = { type: 'function' as const, name: 'get_weather', parameters, strict: null };
  const other = { ...tool, name: 'get_time' };
  const request = { model: 'sim-count', input: 'count', max_output_tokens: 200 };
  const named = {
    ...request,
    tools: [tool, other],
    tool_choice: { type: 'function' as const, name: 'get_weather' },
  };
  const only = { ...request, tools: [tool], tool_choice: 'required' as const };
  const any = { ...request, tools: [tool, other], tool_choice: 'required' as const };
  for (const forced of [named, only, any]) {
    const whole = await client.responses.create(forced);
    const streamed = await client.responses.stream(forced).finalResponse();
    for (const { output } of [whole, streamed]) {
      const [call] = output;
      expect(call).toMatchObject({
        type: 'function_call',
        name: expect.stringMatching(forced === any ? /^get_/ : /^get_weather$/) as unknown,
      });
      if (call?.type !== 'function_call') throw new Error('not a call');
      expect(JSON.parse(call.arguments)).toEqual({ city: expect.any(String) as unknown });
    }
  }
});

it('obeys tool_choice in chat completions, whole and streamed', async () => {
  const request = {
    model: 'sim-count',
    messages: [{ role: 'user' as const, content: 'count' }],
    max_tokens: 200,
    tools: [{ type: 'function' as const, function: { name: 'get_weather', parameters } }],
    tool_choice: { type: 'function' as const, function: { name: 'get_weather' } },
  };
  const whole = await client.chat.completions.create(request);
  const streamed = await client.chat.completions.stream(request).finalChatCompletion();
  for (const { choices } of [whole, streamed]) {
    const call = choices[0]?.message.tool_calls?.[0];
    expect([call?.type, choices[0]?.finish_reason]).toEqual(['function', 'tool_calls']);
    expect(call).toMatchObject({ function: { name: 'get_weather' } });
  }
  const none = await client.chat.completions.create({ ...request, max_tokens: 5, tool_choice: 'none' });
  expect(none.choices[0]?.message).toMatchObject({ content: toFive });
});

it('throws the errors of the server', async () => {
  const failed = client.responses.create({ model: 'nosuch', input: 'x' });
  await expect(failed).rejects.toBeInstanceOf(NotFoundError);
});

it('throws when the host breaks in the middle', async () => {
  const broken = await startStack({ sims: [{ tokensPerSecond: 500 }] });
  try {
    broken.sims[0]?.fault({ kind: 'cut', after: 5, times: 2 });
    const lost = new OpenAI({ baseURL: `${broken.gateway.url}/v1`, apiKey: 'none', maxRetries: 0 });
    const stream = await lost.responses.create({ model: 'sim-count', input: 'x', stream: true });
    const types: string[] = [];
    await expect(
      (async () => {
        for await (const { type } of stream) types.push(type);
      })(),
    ).rejects.toBeInstanceOf(APIError);
    expect(types).toContain('response.failed');
  } finally {
    await broken.end();
  }
});
