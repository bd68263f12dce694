import { Ollama } from 'ollama';
import { expect } from 'vitest';
import { waitUntil } from '../wait-until.ts';
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
} from './client.ts';

const messages = [{ role: 'user', content: 'count' }];
const options = { num_predict: 5 };
const tools = [
  { type: 'function', function: { name: 'get_weather', description: 'd', parameters: weather } },
];

function at({ url }: Fleet): Ollama {
  return new Ollama({ host: url });
}

/** The package `ollama`. */
export const ollamaClient: CompatibleClient = {
  name: 'ollama',
  version: '0.6.4',
  checks: {
    chat: async (fleet) => {
      const { message } = await at(fleet).chat({ model: 'sim-count', messages, options });
      expect(message.content).toBe(toFive);
    },
    'streamed chat': async (fleet) => {
      let text = '';
      for await (const part of await at(fleet).chat({ model: 'sim-count', messages, options, stream: true }))
        text += part.message.content;
      expect(text).toBe(toFive);
    },
    'text completion': async (fleet) => {
      const { response } = await at(fleet).generate({ model: 'sim-count', prompt: 'x', options });
      expect(response).toBe(toFive);
    },
    thinking: async (fleet) => {
      const { message } = await at(fleet).chat({ model: 'sim-think', messages, think: true });
      expect([message.thinking?.length, message.content.length].every(Boolean)).toBe(true);
    },
    image: async (fleet) => {
      const seen = [{ role: 'user', content: 'what is it?', images: [pixel] }];
      expect((await at(fleet).chat({ model: 'sim-vision', messages: seen })).message.content).not.toBe('');
    },
    'call of a tool': async (fleet) => {
      const { message } = await at(fleet).chat({ model: 'sim-chat', messages, tools });
      expect(message.tool_calls?.[0]?.function).toMatchObject({
        name: 'get_weather',
        arguments: { days: expect.any(Number) as unknown },
      });
    },
    'result of a tool': async (fleet) => {
      const call = { function: { name: 'get_weather', arguments: { city: 'x', days: 1 } } };
      const turns = [
        ...messages,
        { role: 'assistant', content: '', tool_calls: [call] },
        { role: 'tool', content: 'sunny', tool_name: 'get_weather' },
      ];
      const { message } = await at(fleet).chat({ model: 'sim-chat', messages: turns, tools });
      expect(message.content).not.toBe('');
    },
    'structured output': async (fleet) => {
      const { message } = await at(fleet).chat({ model: 'sim-chat', messages, format: weather });
      expect(JSON.parse(message.content)).toMatchObject({ days: expect.any(Number) as unknown });
    },
    embeddings: async (fleet) => {
      const { embeddings } = await at(fleet).embed({ model: 'sim-embed', input: ['a', 'b'] });
      expect(embeddings.map(({ length }) => length)).toEqual([768, 768]);
    },
    'list of models': async (fleet) => {
      const names = (await at(fleet).list()).models.map(({ name }) => name);
      expect(names).toEqual(expect.arrayContaining(['sim-count:latest', 'gpt-5:latest']));
    },
    'one model': async (fleet) => {
      expect((await at(fleet).show({ model: 'sim-count' })).capabilities).toContain('completion');
    },
    'name mapped by an alias': async (fleet) => {
      const { message } = await at(fleet).chat({ model: 'gpt-5', messages, options });
      expect(message.content).toBe(toFive);
    },
    'error for an unknown model': async (fleet) => {
      const asked = at(fleet).chat({ model: 'nosuch', messages });
      await expect(asked).rejects.toMatchObject({ status_code: 404, message: "model 'nosuch' not found" });
    },
    'error in a broken stream': async (fleet) => {
      await withFault(fleet, breaks, async () => {
        const stream = await at(fleet).chat({ model: 'sim-count', messages, stream: true });
        await expect(collect(stream)).rejects.toThrow();
      });
    },
    cancel: async (fleet) => {
      const endless = { num_predict: 100_000 };
      const stream = await at(fleet).chat({ model: 'sim-count', messages, stream: true, options: endless });
      await stream[Symbol.asyncIterator]().next();
      stream.abort();
      await waitUntil('the slot is free', async () => ((await busySlots(fleet)) === 0 ? true : undefined));
    },
  },
};
