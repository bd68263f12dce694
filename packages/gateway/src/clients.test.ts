import { Ollama } from 'ollama';
import OpenAI, { APIError } from 'openai';
import { it, afterAll, beforeAll, expect } from 'vitest';
import { type Stack, startStack } from './testing/stack.ts';
import { until } from './testing/until.ts';

/** The packages `ollama` and `openai` with a gateway, fleet, node-agents and simulated hosts. */
let stack: Stack;
let ollama: Ollama;
let openai: OpenAI;

const question = [{ role: 'user' as const, content: 'count' }];
const toFive = '1 2 3 4 5';

/** Hosts that have the model loaded. */
function holders(model: string): number {
  return stack.sims.filter((sim) => sim.state().loaded.some(({ name }) => name.startsWith(model))).length;
}

function running(): number {
  return stack.sims.reduce((sum, sim) => sum + sim.state().busy, 0);
}

beforeAll(async () => {
  stack = await startStack({ sims: [{ tokensPerSecond: 2_000 }, { tokensPerSecond: 2_000 }] });
  ollama = new Ollama({ host: stack.gateway.url });
  openai = new OpenAI({ baseURL: `${stack.gateway.url}/v1`, apiKey: 'none', maxRetries: 0 });
});

afterAll(async () => await stack.end());

it('ollama: streams a chat', async () => {
  const stream = await ollama.chat({
    model: 'sim-count',
    messages: question,
    stream: true,
    options: { num_predict: 5 },
  });
  let text = '';
  let reason: string | undefined;
  for await (const part of stream) {
    text += part.message.content;
    reason = part.done_reason;
  }
  expect([text, reason]).toEqual([toFive, 'length']);
});

it('ollama: chats, generates, lists, shows and embeds', async () => {
  const options = { num_predict: 5 };
  expect((await ollama.chat({ model: 'sim-count', messages: question, options })).message.content).toBe(
    toFive,
  );
  expect((await ollama.generate({ model: 'sim-count', prompt: 'x', options })).response).toBe(toFive);
  expect((await ollama.list()).models.map(({ name }) => name)).toContain('sim-count:latest');
  expect((await ollama.show({ model: 'sim-count' })).capabilities).toContain('completion');
  expect((await ollama.embed({ model: 'sim-embed', input: ['a', 'b'] })).embeddings).toHaveLength(2);
  await until(async () => (await ollama.ps()).models.length > 0, 'a running model');
});

it('serves two simultaneous requests with the same id', async () => {
  const body = JSON.stringify({
    model: 'sim-count',
    messages: question,
    stream: false,
    options: { num_predict: 5 },
  });
  const ask = async (): Promise<string> => {
    const headers = { 'x-drover-request-id': 'twin' };
    const response = await fetch(`${stack.gateway.url}/api/chat`, { method: 'POST', headers, body });
    return ((await response.json()) as { message: { content: string } }).message.content;
  };
  expect(await Promise.all([ask(), ask()])).toEqual([toFive, toFive]);
});

it('unloads a model on the host that has it loaded', async () => {
  await ollama.generate({ model: 'sim-chat', prompt: 'x', options: { num_predict: 1 } });
  await until(() => holders('sim-chat') === 1, 'sim-chat loaded');
  await until(
    async () => (await ollama.ps()).models.some(({ name }) => name === 'sim-chat:latest'),
    'sim-chat in ps',
  );
  const { done_reason } = await ollama.generate({ model: 'sim-chat', prompt: '', keep_alive: 0 });
  expect(done_reason).toBe('unload');
  await until(() => holders('sim-chat') === 0, 'sim-chat unloaded');
});

it('unloads a model on every host that has it loaded, whatever the case of its name', async () => {
  const busy = { model: 'sim-chat', prompt: 'x', options: { num_predict: 200 } };
  const both = await Promise.all([ollama.generate(busy), ollama.generate(busy)]);
  expect(both).toHaveLength(2);
  await until(() => holders('sim-chat') === 2, 'sim-chat loaded twice');
  await ollama.generate({ model: 'SIM-CHAT', prompt: '', keep_alive: 0 });
  await until(() => holders('sim-chat') === 0, 'sim-chat unloaded twice', 1_000);
  expect((await ollama.ps()).models.filter(({ name }) => name.startsWith('sim-chat'))).toEqual([]);
});

it('ollama: throws the server’s error text', async () => {
  const asked = ollama.chat({ model: 'nosuch', messages: question });
  await expect(asked).rejects.toMatchObject({ status_code: 404, message: "model 'nosuch' not found" });
});

it('openai: streams a chat with usage', async () => {
  const stream = await openai.chat.completions.create({
    model: 'sim-count',
    messages: question,
    max_completion_tokens: 5,
    stream: true,
    stream_options: { include_usage: true },
  });
  let text = '';
  let usage: number | undefined;
  for await (const chunk of stream) {
    text += chunk.choices[0]?.delta.content ?? '';
    usage = chunk.usage?.completion_tokens ?? usage;
  }
  expect([text, usage]).toEqual([toFive, 5]);
});

it('openai: chats, completes, lists models and gets one', async () => {
  const chat = await openai.chat.completions.create({
    model: 'sim-count',
    messages: question,
    max_tokens: 5,
  });
  expect(chat.choices[0]?.message.content).toBe(toFive);
  const completion = await openai.completions.create({ model: 'sim-count', prompt: 'x', max_tokens: 5 });
  expect(completion.choices[0]?.text).toBe(toFive);
  const ids: string[] = [];
  for await (const { id } of openai.models.list()) ids.push(id);
  expect(ids).toContain('sim-count:latest');
  expect((await openai.models.retrieve('sim-count')).owned_by).toBe('library');
});

it('openai: decodes base64 embeddings, its default, to the same numbers as floats', async () => {
  const base64 = await openai.embeddings.create({ model: 'sim-embed', input: 'a b' });
  const float = await openai.embeddings.create({
    model: 'sim-embed',
    input: 'a b',
    encoding_format: 'float',
  });
  const [first, second] = [base64.data[0]?.embedding ?? [], float.data[0]?.embedding ?? []];
  expect(first.length).toBeGreaterThan(0);
  expect(first.map(Math.fround)).toEqual(second.map(Math.fround));
});

it('openai: throws the server’s error text for an unknown model', async () => {
  const asked = openai.chat.completions.create({ model: 'nosuch', messages: question });
  await expect(asked).rejects.toMatchObject({ status: 404, type: 'not_found_error' });
});

it('cancels at the host when the client disconnects, in NDJSON and in SSE', async () => {
  const endless = { num_predict: 100_000 };
  const native = await ollama.chat({
    model: 'sim-count',
    messages: question,
    stream: true,
    options: endless,
  });
  const openAi = await openai.chat.completions.create({
    model: 'sim-count',
    messages: question,
    max_tokens: 100_000,
    stream: true,
  });
  // Reads at once: fetch drops an answer whose Response is garbage-collected before it is read.
  await native[Symbol.asyncIterator]().next();
  await openAi[Symbol.asyncIterator]().next();
  expect(running()).toBe(2);
  native.abort();
  openAi.controller.abort();
  await until(() => running() === 0, 'free slots', 1_000);
});

it.each(['cut', 'kill-runner'] as const)(
  'both clients throw when the host breaks in the middle by %s',
  async (kind) => {
    const fault = { kind, after: 5, times: 2 } as const;
    const broken = await startStack({ sims: [{ tokensPerSecond: 500 }] });
    try {
      const { url } = broken.gateway;
      broken.sims[0]?.fault(fault);
      const stream = await new Ollama({ host: url }).chat({
        model: 'sim-count',
        messages: question,
        stream: true,
      });
      let text = '';
      await expect(
        (async () => {
          for await (const part of stream) text += part.message.content;
        })(),
      ).rejects.toThrow();
      expect(toFive.startsWith(text)).toBe(true);
      broken.sims[0]?.fault({ kind: 'clear' });
      broken.sims[0]?.fault(fault);
      const client = new OpenAI({ baseURL: `${url}/v1`, apiKey: 'none', maxRetries: 0 });
      const chunks = await client.chat.completions.create({
        model: 'sim-count',
        messages: question,
        stream: true,
      });
      await expect(
        (async () => {
          for await (const chunk of chunks) expect(chunk.choices).toHaveLength(1);
        })(),
      ).rejects.toBeInstanceOf(APIError);
    } finally {
      await broken.end();
    }
  },
);
