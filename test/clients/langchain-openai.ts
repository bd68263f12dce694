import { HumanMessage, ToolMessage } from '@langchain/core/messages';
import { ChatOpenAI, type ChatOpenAIFields, OpenAIEmbeddings } from '@langchain/openai';
import { expect } from 'vitest';
import {
  breaks,
  busySlots,
  collect,
  type CompatibleClient,
  type Fleet,
  isBusyOnce,
  pixel,
  toFive,
  weather,
  withFault,
} from '../lib/compatibility/client.ts';
import { waitUntil } from '../lib/wait-until.ts';

const tools = [
  { type: 'function' as const, function: { name: 'get_weather', description: 'd', parameters: weather } },
];

function at({ url }: Fleet, model: string, options: Partial<ChatOpenAIFields> = {}): ChatOpenAI {
  return new ChatOpenAI({
    configuration: { baseURL: `${url}/v1` },
    apiKey: 'none',
    model,
    maxRetries: 0,
    ...options,
  });
}

/** The package `@langchain/openai`. */
const checks: CompatibleClient['checks'] = {
  chat: async (fleet) => {
    const { content, usage_metadata } = await at(fleet, 'sim-count', { maxTokens: 5 }).invoke('count');
    expect([content, usage_metadata?.output_tokens]).toEqual([toFive, 5]);
  },
  'streamed chat': async (fleet) => {
    const chunks = await collect(await at(fleet, 'sim-count', { maxTokens: 5 }).stream('count'));
    expect(chunks.map(({ content }) => content).join('')).toBe(toFive);
  },
  responses: async (fleet) => {
    const model = at(fleet, 'sim-count', { maxTokens: 5, useResponsesApi: true });
    expect((await model.invoke('count')).text).toBe(toFive);
  },
  'streamed responses': async (fleet) => {
    const model = at(fleet, 'sim-count', { maxTokens: 5, useResponsesApi: true });
    const chunks = await collect(await model.stream('count'));
    expect(chunks.map(({ text }) => text).join('')).toBe(toFive);
  },
  image: async (fleet) => {
    const content = [
      { type: 'text', text: 'what is it?' },
      { type: 'image_url', image_url: { url: `data:image/png;base64,${pixel}` } },
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
    const model = at(fleet, 'sim-chat').bindTools(tools);
    const called = await model.invoke('x');
    const [call] = called.tool_calls ?? [];
    const result = new ToolMessage({ content: 'sunny', tool_call_id: call?.id ?? '', name: 'get_weather' });
    expect((await model.invoke([new HumanMessage('x'), called, result])).content).not.toBe('');
  },
  'forced call': async (fleet) => {
    for (const tool_choice of ['get_weather', 'required']) {
      const { tool_calls } = await at(fleet, 'sim-count').bindTools(tools, { tool_choice }).invoke('x');
      expect(tool_calls?.[0]?.args).toMatchObject({ days: expect.any(Number) as unknown });
    }
  },
  'forbidden call': async (fleet) => {
    const { tool_calls } = await at(fleet, 'sim-chat').bindTools(tools, { tool_choice: 'none' }).invoke('x');
    expect(tool_calls).toEqual([]);
  },
  'structured output': async (fleet) => {
    for (const method of ['jsonSchema', 'functionCalling'] as const) {
      const model = at(fleet, 'sim-chat').withStructuredOutput({ ...weather, title: 'answer' }, { method });
      expect(await model.invoke('x')).toMatchObject({ days: expect.any(Number) as unknown });
    }
  },
  embeddings: async (fleet) => {
    const model = new OpenAIEmbeddings({
      configuration: { baseURL: `${fleet.url}/v1` },
      apiKey: 'none',
      model: 'sim-embed',
    });
    const vectors = await model.embedDocuments(['a', 'b']);
    expect(vectors.map(({ length }) => length)).toEqual([768, 768]);
  },
  'name mapped by an alias': async (fleet) => {
    expect((await at(fleet, 'gpt-5', { maxTokens: 5 }).invoke('count')).content).toBe(toFive);
  },
  'error for an unknown model': async (fleet) => {
    await expect(at(fleet, 'nosuch').invoke('x')).rejects.toMatchObject({ status: 404 });
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
  'retry after 503': async (fleet) => {
    await withFault(fleet, isBusyOnce, async () => {
      const { content } = await at(fleet, 'sim-count', { maxTokens: 5, maxRetries: 2 }).invoke('x');
      expect(content).toBe(toFive);
    });
  },
};
export default checks;
