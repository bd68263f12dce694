import Anthropic, { APIError, NotFoundError } from '@anthropic-ai/sdk';
import { expect } from 'vitest';
import { waitUntil } from '../wait-until.ts';
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
} from './client.ts';

const messages = [{ role: 'user' as const, content: 'count' }];
const count = { model: 'sim-count', messages, max_tokens: 5 };
const tools = [{ name: 'get_weather', description: 'd', input_schema: weather }];
const withTool = { model: 'sim-chat', messages, tools, max_tokens: 200 };
const text = [{ type: 'text', text: toFive }];
const days = expect.any(Number) as unknown;

function at({ url }: Fleet, maxRetries = 0): Anthropic {
  return new Anthropic({ baseURL: url, apiKey: 'none', maxRetries });
}

/** The package `@anthropic-ai/sdk`. */
export const anthropicClient: CompatibleClient = {
  name: '@anthropic-ai/sdk',
  version: '1.14.0',
  checks: {
    chat: async (fleet) => {
      const { content, usage, stop_reason } = await at(fleet).messages.create(count);
      expect({ content, usage, stop_reason }).toMatchObject({
        content: text,
        usage: { output_tokens: 5 },
        stop_reason: 'max_tokens',
      });
    },
    'streamed chat': async (fleet) => {
      expect((await at(fleet).messages.stream(count).finalMessage()).content).toMatchObject(text);
    },
    thinking: async (fleet) => {
      const thinking = { type: 'enabled' as const, budget_tokens: 1_024 };
      const request = { model: 'sim-think', messages, max_tokens: 2_000, thinking };
      const { content } = await at(fleet).messages.stream(request).finalMessage();
      expect(content.map(({ type }) => type)).toEqual(['thinking', 'text']);
      // A model that cannot think answers without thoughts.
      const plain = await at(fleet).messages.create({
        ...request,
        model: 'sim-count',
        stop_sequences: [' 6'],
      });
      expect(plain.content).toMatchObject(text);
    },
    image: async (fleet) => {
      const source = { type: 'base64' as const, media_type: 'image/png' as const, data: pixel };
      const content = [
        { type: 'image' as const, source },
        { type: 'text' as const, text: 'what is it?' },
      ];
      const request = { model: 'sim-vision', messages: [{ role: 'user' as const, content }], max_tokens: 9 };
      expect((await at(fleet).messages.create(request)).content).toMatchObject([{ type: 'text' }]);
    },
    'call of a tool': async (fleet) => {
      const { content, stop_reason } = await at(fleet).messages.stream(withTool).finalMessage();
      expect(stop_reason).toBe('tool_use');
      expect(content.at(-1)).toMatchObject({ type: 'tool_use', name: 'get_weather', input: { days } });
    },
    'result of a tool': async (fleet) => {
      const call = {
        type: 'tool_use' as const,
        id: 't1',
        name: 'get_weather',
        input: { city: 'x', days: 1 },
      };
      const result = { type: 'tool_result' as const, tool_use_id: 't1', content: 'sunny' };
      const turns = [
        ...messages,
        { role: 'assistant' as const, content: [call] },
        { role: 'user' as const, content: [result] },
      ];
      const { content } = await at(fleet).messages.create({ ...withTool, messages: turns });
      expect(content).toMatchObject([{ type: 'text' }]);
    },
    'forced call': async (fleet) => {
      for (const tool_choice of [{ type: 'tool' as const, name: 'get_weather' }, { type: 'any' as const }]) {
        const request = { ...withTool, model: 'sim-count', tool_choice };
        for (const message of [
          await at(fleet).messages.create(request),
          await at(fleet).messages.stream(request).finalMessage(),
        ])
          expect(message.content).toMatchObject([{ type: 'tool_use', name: 'get_weather', input: { days } }]);
      }
    },
    'forbidden call': async (fleet) => {
      const { content } = await at(fleet).messages.create({ ...withTool, tool_choice: { type: 'none' } });
      expect(content).toMatchObject([{ type: 'text' }]);
    },
    'structured output': async (fleet) => {
      const output_config = { format: { type: 'json_schema' as const, schema: weather } };
      const { content } = await at(fleet).messages.create({
        model: 'sim-chat',
        messages,
        max_tokens: 200,
        output_config,
      });
      const [block] = content;
      expect(JSON.parse(block?.type === 'text' ? block.text : '')).toMatchObject({ days });
    },
    'list of models': async (fleet) => {
      const ids = (await collect(at(fleet).models.list({ limit: 2 }))).map(({ id }) => id);
      expect(ids).toEqual(expect.arrayContaining(['sim-count:latest', 'gpt-5']));
    },
    'one model': async (fleet) => {
      expect((await at(fleet).models.retrieve('sim-count')).type).toBe('model');
    },
    'count of tokens': async (fleet) => {
      const { input_tokens } = await at(fleet).messages.countTokens({ model: 'sim-count', messages });
      expect(input_tokens).toBeGreaterThan(0);
    },
    'name mapped by an alias': async (fleet) => {
      expect((await at(fleet).messages.create({ ...count, model: 'claude-x' })).content).toMatchObject(text);
    },
    'error for an unknown model': async (fleet) => {
      await expect(at(fleet).messages.create({ ...count, model: 'nosuch' })).rejects.toBeInstanceOf(
        NotFoundError,
      );
    },
    'error in a broken stream': async (fleet) => {
      await withFault(fleet, breaks, async () => {
        const stream = at(fleet).messages.stream({ ...count, max_tokens: 100 });
        await expect(stream.finalMessage()).rejects.toBeInstanceOf(APIError);
      });
    },
    cancel: async (fleet) => {
      const stream = at(fleet).messages.stream({ ...count, max_tokens: 100_000 });
      const ended = stream.done().catch((error: unknown) => error);
      await stream.emitted('text');
      stream.abort();
      await ended;
      await waitUntil('the slot is free', async () => ((await busySlots(fleet)) === 0 ? true : undefined));
    },
    'retry after 503': async (fleet) => {
      await withFault(fleet, isBusyOnce, async () => {
        const { content } = await at(fleet, 2).messages.create(count);
        expect(content).toMatchObject(text);
      });
    },
  },
};
