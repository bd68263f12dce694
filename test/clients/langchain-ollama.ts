import { HumanMessage, ToolMessage } from '@langchain/core/messages';
import { ChatOllama, type ChatOllamaInput, Ollama, OllamaEmbeddings } from '@langchain/ollama';
import { expect } from 'vitest';
import {
  breaks,
  busySlots,
  collect,
  type CompatibleClient,
  type Fleet,
  pixel,
  toFive,
  weather,
  withFault,
} from '../lib/compatibility/client.ts';
import { waitUntil } from '../lib/wait-until.ts';

const tools = [
  { type: 'function' as const, function: { name: 'get_weather', description: 'd', parameters: weather } },
];

function at({ url }: Fleet, model: string, options: Partial<ChatOllamaInput> = {}): ChatOllama {
  return new ChatOllama({ baseUrl: url, model, maxRetries: 0, ...options });
}

/** The package `@langchain/ollama`. */
const checks: CompatibleClient['checks'] = {
  chat: async (fleet) => {
    const { content, usage_metadata } = await at(fleet, 'sim-count', { numPredict: 5 }).invoke('count');
    expect([content, usage_metadata?.output_tokens]).toEqual([toFive, 5]);
  },
  'streamed chat': async (fleet) => {
    const chunks = await collect(await at(fleet, 'sim-count', { numPredict: 5 }).stream('count'));
    expect(chunks.map(({ content }) => content).join('')).toBe(toFive);
  },
  'text completion': async (fleet) => {
    const model = new Ollama({ baseUrl: fleet.url, model: 'sim-count', numPredict: 5, maxRetries: 0 });
    expect(await model.invoke('x')).toBe(toFive);
  },
  thinking: async (fleet) => {
    const { additional_kwargs, content } = await at(fleet, 'sim-think', { think: true }).invoke('x');
    expect([additional_kwargs['reasoning_content'], content].every(Boolean)).toBe(true);
  },
  image: async (fleet) => {
    const content = [
      { type: 'text', text: 'what is it?' },
      { type: 'image_url', image_url: `data:image/png;base64,${pixel}` },
    ];
    expect((await at(fleet, 'sim-vision').invoke([new HumanMessage({ content })])).content).not.toBe('');
  },
  'call of a tool': async (fleet) => {
    const { tool_calls } = await at(fleet, 'sim-chat').bindTools(tools).invoke('x');
    expect(tool_calls?.[0]).toMatchObject({
      name: 'get_weather',
      args: { days: expect.any(Number) as unknown },
    });
  },
  'result of a tool': async (fleet) => {
    const called = await at(fleet, 'sim-chat').bindTools(tools).invoke('x');
    const [call] = called.tool_calls ?? [];
    const result = new ToolMessage({ content: 'sunny', tool_call_id: call?.id ?? '', name: 'get_weather' });
    const turns = [new HumanMessage('x'), called, result];
    expect((await at(fleet, 'sim-chat').bindTools(tools).invoke(turns)).content).not.toBe('');
  },
  'structured output': async (fleet) => {
    const model = at(fleet, 'sim-chat').withStructuredOutput(
      { ...weather, title: 'answer' },
      { method: 'jsonSchema' },
    );
    expect(await model.invoke('x')).toMatchObject({ days: expect.any(Number) as unknown });
  },
  embeddings: async (fleet) => {
    const vectors = await new OllamaEmbeddings({ baseUrl: fleet.url, model: 'sim-embed' }).embedDocuments([
      'a',
      'b',
    ]);
    expect(vectors.map(({ length }) => length)).toEqual([768, 768]);
  },
  'name mapped by an alias': async (fleet) => {
    expect((await at(fleet, 'gpt-5', { numPredict: 5 }).invoke('count')).content).toBe(toFive);
  },
  'error for an unknown model': async (fleet) => {
    await expect(at(fleet, 'nosuch').invoke('x')).rejects.toThrow(/model 'nosuch' not found/);
  },
  'error in a broken stream': async (fleet) => {
    await withFault(fleet, breaks, async () => {
      const reading = (async () => await collect(await at(fleet, 'sim-count').stream('x')))();
      await expect(reading).rejects.toBeInstanceOf(Error);
    });
  },
  cancel: async (fleet) => {
    const leaving = new AbortController();
    const stream = await at(fleet, 'sim-count').stream('x', { signal: leaving.signal });
    await stream[Symbol.asyncIterator]().next();
    leaving.abort();
    await waitUntil('the slot is free', async () => ((await busySlots(fleet)) === 0 ? true : undefined));
  },
};
export default checks;
