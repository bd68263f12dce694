import { expect } from 'vitest';
import { waitUntil } from '../wait-until.ts';
import {
  breaks,
  busySlots,
  type CompatibleClient,
  type Fleet,
  pixel,
  toFive,
  weather,
  withFault,
} from './client.ts';

/** The headers of Open WebUI with a key for its connection and with its users named. */
const headers = {
  'content-type': 'application/json',
  authorization: 'Bearer none',
  'x-openwebui-user-name': 'J%C3%BCrgen',
  'x-openwebui-user-id': '6b8a',
  'x-openwebui-user-email': 'j@example.org',
  'x-openwebui-user-role': 'user',
  'x-openwebui-chat-id': 'c0ffee',
  'user-agent': 'Python/3.11 aiohttp/3.12.15',
};
const messages = [
  { role: 'system', content: 'Be brief.' },
  { role: 'user', content: 'count' },
];
const tools = [
  { type: 'function', function: { name: 'get_weather', description: 'd', parameters: weather } },
];
const options = { temperature: 0, num_predict: 5 };

async function send(
  { url }: Fleet,
  path: string,
  body?: object,
  { method, signal }: { readonly method?: string; readonly signal?: AbortSignal } = {},
): Promise<Response> {
  return await fetch(url + path, {
    method: method ?? (body === undefined ? 'GET' : 'POST'),
    headers,
    body: body === undefined ? null : JSON.stringify(body),
    signal: signal ?? null,
  });
}

/** The body as JSON. As in Open WebUI, an answer that is not a success is an error with the field `error`. */
async function json<T>(fleet: Fleet, path: string, body?: object): Promise<T> {
  const response = await send(fleet, path, body);
  const content = (await response.json()) as T & { readonly error?: unknown };
  if (!response.ok) throw new Error(`${response.status}: ${String(content.error)}`);
  return content;
}

interface Line {
  readonly message?: { readonly content: string; readonly tool_calls?: readonly unknown[] };
  readonly response?: string;
  readonly done?: boolean;
  readonly error?: string;
}

/** The lines of an answer as NDJSON. */
async function lines(fleet: Fleet, path: string, body: object): Promise<readonly Line[]> {
  const response = await send(fleet, path, body);
  expect([response.status, response.headers.get('content-type')]).toEqual([200, 'application/x-ndjson']);
  const text = await response.text();
  return text
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as Line);
}

const chat = { model: 'sim-count:latest', messages, stream: true, options };

/**
 * The calls that Open WebUI makes of an Ollama connection (`backend/open_webui/routers/ollama.py`): lists, show, chat,
 * generate, both forms of embeddings, unload; and of an OpenAI connection.
 */
export const openWebUi: CompatibleClient = {
  name: "Open WebUI's calls",
  version: 'replayed',
  checks: {
    chat: async (fleet) => {
      const { message, done } = await json<Line>(fleet, '/api/chat', { ...chat, stream: false });
      expect([message?.content, done]).toEqual([toFive, true]);
    },
    'streamed chat': async (fleet) => {
      const received = await lines(fleet, '/api/chat', chat);
      expect(received.map(({ message }) => message?.content).join('')).toBe(toFive);
      expect(received.at(-1)?.done).toBe(true);
      const stream = { model: 'sim-count:latest', messages, stream: true, max_tokens: 5 };
      const body = await (await send(fleet, '/v1/chat/completions', stream)).text();
      expect(body.trimEnd().endsWith('data: [DONE]')).toBe(true);
    },
    'text completion': async (fleet) => {
      const request = { model: 'sim-count:latest', prompt: 'x', stream: true, options };
      const received = await lines(fleet, '/api/generate', request);
      expect(received.map(({ response }) => response).join('')).toBe(toFive);
      const unload = { model: 'sim-count:latest', keep_alive: 0, prompt: '' };
      expect(await json(fleet, '/api/generate', unload)).toMatchObject({ done: true, done_reason: 'unload' });
    },
    image: async (fleet) => {
      const seen = [{ role: 'user', content: 'what is it?', images: [pixel] }];
      const request = { model: 'sim-vision:latest', messages: seen, stream: false };
      expect((await json<Line>(fleet, '/api/chat', request)).message?.content).not.toBe('');
    },
    'call of a tool': async (fleet) => {
      const received = await lines(fleet, '/api/chat', {
        model: 'sim-chat:latest',
        messages,
        stream: true,
        tools,
      });
      const calls = received.flatMap(({ message }) => message?.tool_calls ?? []);
      expect(calls).toMatchObject([{ function: { name: 'get_weather' } }]);
    },
    'result of a tool': async (fleet) => {
      const call = { index: 0, id: 'call_1', function: { name: 'get_weather', arguments: { city: 'x' } } };
      const turns = [
        ...messages,
        { role: 'assistant', content: '', tool_calls: [call] },
        { role: 'tool', tool_call_id: 'call_1', content: 'sunny' },
      ];
      const request = { model: 'sim-chat:latest', messages: turns, stream: false, tools };
      expect((await json<Line>(fleet, '/api/chat', request)).message?.content).not.toBe('');
    },
    'structured output': async (fleet) => {
      const request = { model: 'sim-chat:latest', messages, stream: false, format: weather };
      const { message } = await json<Line>(fleet, '/api/chat', request);
      expect(JSON.parse(message?.content ?? '')).toMatchObject({ days: expect.any(Number) as unknown });
    },
    embeddings: async (fleet) => {
      const many = { model: 'sim-embed', input: ['a', 'b'], truncate: true };
      const { embeddings } = await json<{ embeddings: number[][] }>(fleet, '/api/embed', many);
      expect(embeddings.map(({ length }) => length)).toEqual([768, 768]);
      const one = { model: 'sim-embed', prompt: 'a' };
      expect((await json<{ embedding: number[] }>(fleet, '/api/embeddings', one)).embedding).toHaveLength(
        768,
      );
    },
    'list of models': async (fleet) => {
      const { models } = await json<{ models: { model: string }[] }>(fleet, '/api/tags');
      expect(models.map(({ model }) => model)).toEqual(
        expect.arrayContaining(['sim-count:latest', 'gpt-5:latest']),
      );
      await json(fleet, '/api/generate', { model: 'sim-chat', prompt: 'x', stream: false, options });
      const loaded = await json<{ models: { name: string; expires_at: string }[] }>(fleet, '/api/ps');
      const chatModel = loaded.models.find(({ name }) => name === 'sim-chat:latest');
      expect(Date.parse(chatModel?.expires_at ?? '')).toBeGreaterThan(0);
      // The lowest version of all connections is found by its numbers.
      const { version } = await json<{ version: string }>(fleet, '/api/version');
      expect(version.replace(/^v|-.*/g, '')).toMatch(/^\d+\.\d+\.\d+$/);
      const { data } = await json<{ data: { id: string }[] }>(fleet, '/v1/models');
      expect(data.map(({ id }) => id)).toContain('sim-count:latest');
    },
    'one model': async (fleet) => {
      const shown = await json(fleet, '/api/show', { model: 'sim-count:latest', name: 'sim-count:latest' });
      expect(shown).toMatchObject({
        details: {},
        model_info: {},
        capabilities: expect.any(Array) as unknown,
      });
    },
    'name mapped by an alias': async (fleet) => {
      const request = { ...chat, model: 'gpt-5:latest', stream: false };
      expect((await json<Line>(fleet, '/api/chat', request)).message?.content).toBe(toFive);
    },
    'error for an unknown model': async (fleet) => {
      const asked = json(fleet, '/api/chat', { ...chat, model: 'nosuch:latest' });
      await expect(asked).rejects.toThrow("404: model 'nosuch:latest' not found");
    },
    'error in a broken stream': async (fleet) => {
      await withFault(fleet, breaks, async () => {
        const received = await lines(fleet, '/api/chat', { ...chat, options: {} });
        expect(received.at(-1)).toEqual({ error: expect.any(String) as unknown });
      });
    },
    cancel: async (fleet) => {
      const leaving = new AbortController();
      const response = await send(fleet, '/api/chat', { ...chat, options: {} }, { signal: leaving.signal });
      await response.body?.getReader().read();
      leaving.abort();
      await waitUntil('the slot is free', async () => ((await busySlots(fleet)) === 0 ? true : undefined));
    },
  },
};
