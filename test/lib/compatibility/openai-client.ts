import OpenAI, { APIError, NotFoundError } from 'openai';
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
const count = { model: 'sim-count', messages, max_completion_tokens: 5 };
const tool = {
  type: 'function' as const,
  function: { name: 'get_weather', description: 'd', parameters: weather },
};
const withTool = { model: 'sim-chat', messages, tools: [tool], max_completion_tokens: 200 };
const answer = { name: 'answer', schema: weather };

function at({ url }: Fleet, maxRetries = 0): OpenAI {
  return new OpenAI({ baseURL: `${url}/v1`, apiKey: 'none', maxRetries });
}

/** The package `openai`. */
export const openAiClient: CompatibleClient = {
  name: 'openai',
  version: '7.55.0',
  checks: {
    chat: async (fleet) => {
      const { choices, usage } = await at(fleet).chat.completions.create(count);
      expect([choices[0]?.message.content, usage?.completion_tokens]).toEqual([toFive, 5]);
    },
    'streamed chat': async (fleet) => {
      const stream = at(fleet).chat.completions.stream({ ...count, stream_options: { include_usage: true } });
      const { choices, usage } = await stream.finalChatCompletion();
      expect([choices[0]?.message.content, usage?.completion_tokens]).toEqual([toFive, 5]);
    },
    'text completion': async (fleet) => {
      const request = { model: 'sim-count', prompt: 'x', max_tokens: 5 };
      expect((await at(fleet).completions.create(request)).choices[0]?.text).toBe(toFive);
    },
    responses: async (fleet) => {
      const request = { model: 'sim-count', input: 'count', max_output_tokens: 5 };
      expect((await at(fleet).responses.create(request)).output_text).toBe(toFive);
    },
    'streamed responses': async (fleet) => {
      const stream = at(fleet).responses.stream({ model: 'sim-count', input: 'count', max_output_tokens: 5 });
      expect((await stream.finalResponse()).output_text).toBe(toFive);
    },
    thinking: async (fleet) => {
      const request = { model: 'sim-think', input: 'x', reasoning: { effort: 'high' as const } };
      const { output } = await at(fleet).responses.create(request);
      expect(output.map(({ type }) => type)).toEqual(['reasoning', 'message']);
    },
    image: async (fleet) => {
      const image_url = { url: `data:image/png;base64,${pixel}` };
      const content = [
        { type: 'text' as const, text: 'what is it?' },
        { type: 'image_url' as const, image_url },
      ];
      const seen = await at(fleet).chat.completions.create({
        model: 'sim-vision',
        messages: [{ role: 'user', content }],
      });
      expect(seen.choices[0]?.message.content).not.toBe('');
    },
    'call of a tool': async (fleet) => {
      const { choices } = await at(fleet).chat.completions.stream(withTool).finalChatCompletion();
      expect(choices[0]?.finish_reason).toBe('tool_calls');
      expect(choices[0]?.message.tool_calls?.[0]).toMatchObject({ function: { name: 'get_weather' } });
    },
    'result of a tool': async (fleet) => {
      const call = {
        id: 'c1',
        type: 'function' as const,
        function: { name: 'get_weather', arguments: '{"city":"x"}' },
      };
      const turns = [
        ...messages,
        { role: 'assistant' as const, content: null, tool_calls: [call] },
        { role: 'tool' as const, tool_call_id: 'c1', content: 'sunny' },
      ];
      const { choices } = await at(fleet).chat.completions.create({ ...withTool, messages: turns });
      expect(choices[0]?.message.content).not.toBe('');
    },
    'forced call': async (fleet) => {
      const named = { type: 'function' as const, function: { name: 'get_weather' } };
      for (const tool_choice of [named, 'required' as const]) {
        const { choices } = await at(fleet).chat.completions.create({
          ...withTool,
          model: 'sim-count',
          tool_choice,
        });
        const call = choices[0]?.message.tool_calls?.[0];
        if (call?.type !== 'function') throw new Error('not a call');
        expect(JSON.parse(call.function.arguments)).toMatchObject({ days: expect.any(Number) as unknown });
      }
    },
    'forbidden call': async (fleet) => {
      const { choices } = await at(fleet).chat.completions.create({ ...withTool, tool_choice: 'none' });
      expect(choices[0]?.message.tool_calls).toBeUndefined();
    },
    'structured output': async (fleet) => {
      const format = { type: 'json_schema' as const, json_schema: answer };
      const { choices } = await at(fleet).chat.completions.create({
        model: 'sim-chat',
        messages,
        response_format: format,
      });
      expect(JSON.parse(choices[0]?.message.content ?? '')).toMatchObject({
        days: expect.any(Number) as unknown,
      });
      const request = {
        model: 'sim-chat',
        input: 'x',
        text: { format: { type: 'json_schema' as const, ...answer } },
      };
      const { output_text } = await at(fleet).responses.create(request);
      expect(JSON.parse(output_text)).toMatchObject({ days: expect.any(Number) as unknown });
    },
    embeddings: async (fleet) => {
      const { data } = await at(fleet).embeddings.create({ model: 'sim-embed', input: ['a', 'b'] });
      expect(data.map(({ embedding }) => embedding.length)).toEqual([768, 768]);
    },
    'list of models': async (fleet) => {
      const ids = (await collect(at(fleet).models.list())).map(({ id }) => id);
      expect(ids).toEqual(expect.arrayContaining(['sim-count:latest', 'gpt-5']));
    },
    'one model': async (fleet) => {
      expect((await at(fleet).models.retrieve('sim-count')).id).toBe('sim-count');
    },
    'name mapped by an alias': async (fleet) => {
      const { choices } = await at(fleet).chat.completions.create({ ...count, model: 'gpt-5' });
      expect(choices[0]?.message.content).toBe(toFive);
    },
    'error for an unknown model': async (fleet) => {
      const asked = at(fleet).chat.completions.create({ ...count, model: 'nosuch' });
      await expect(asked).rejects.toBeInstanceOf(NotFoundError);
    },
    'error in a broken stream': async (fleet) => {
      await withFault(fleet, breaks, async () => {
        const chat = await at(fleet).chat.completions.create({ model: 'sim-count', messages, stream: true });
        await expect(collect(chat)).rejects.toBeInstanceOf(APIError);
        const responses = await at(fleet).responses.create({ model: 'sim-count', input: 'x', stream: true });
        await expect(collect(responses)).rejects.toBeInstanceOf(APIError);
      });
    },
    cancel: async (fleet) => {
      const stream = await at(fleet).chat.completions.create({ model: 'sim-count', messages, stream: true });
      await stream[Symbol.asyncIterator]().next();
      stream.controller.abort();
      await waitUntil('the slot is free', async () => ((await busySlots(fleet)) === 0 ? true : undefined));
    },
    'retry after 503': async (fleet) => {
      await withFault(fleet, isBusyOnce, async () => {
        await expect(at(fleet).chat.completions.create(count)).rejects.toMatchObject({ status: 503 });
      });
      await withFault(fleet, isBusyOnce, async () => {
        const { choices } = await at(fleet, 2).chat.completions.create(count);
        expect(choices[0]?.message.content).toBe(toFive);
      });
    },
  },
};
