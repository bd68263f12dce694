import { embedMany, generateText, jsonSchema, Output, streamText, tool, type ToolSet } from 'ai';
import { createOllama, type OllamaProvider } from 'ai-sdk-ollama';
import { expect } from 'vitest';
import {
  busySlots,
  type CompatibleClient,
  type Fleet,
  pixel,
  toFive,
  weather,
} from '../lib/compatibility/client.ts';
import { waitUntil } from '../lib/wait-until.ts';

const limits = { maxOutputTokens: 5, maxRetries: 0 };
const schema = jsonSchema<{ city: string; days: number }>({ ...weather });
const tools: ToolSet = { get_weather: tool({ description: 'd', inputSchema: schema }) };

function at({ url }: Fleet): OllamaProvider {
  return createOllama({ baseURL: url });
}

/** The packages `ai` and `ai-sdk-ollama`. */
const checks: CompatibleClient['checks'] = {
  chat: async (fleet) => {
    const { text, usage } = await generateText({ model: at(fleet)('sim-count'), prompt: 'count', ...limits });
    expect([text, usage.outputTokens]).toEqual([toFive, 5]);
  },
  'streamed chat': async (fleet) => {
    const stream = streamText({ model: at(fleet)('sim-count'), prompt: 'count', ...limits });
    expect([await stream.text, (await stream.usage).outputTokens]).toEqual([toFive, 5]);
  },
  thinking: async (fleet) => {
    const model = at(fleet)('sim-think', { think: true });
    const { reasoningText, text } = await generateText({ model, prompt: 'x' });
    expect([reasoningText?.length, text.length].every(Boolean)).toBe(true);
  },
  image: async (fleet) => {
    const content = [
      { type: 'text' as const, text: 'what is it?' },
      { type: 'image' as const, image: `data:image/png;base64,${pixel}` },
    ];
    const messages = [{ role: 'user' as const, content }];
    expect((await generateText({ model: at(fleet)('sim-vision'), messages })).text).not.toBe('');
  },
  'call of a tool': async (fleet) => {
    const { toolCalls } = await generateText({ model: at(fleet)('sim-chat'), prompt: 'x', tools });
    expect(toolCalls[0]).toMatchObject({
      toolName: 'get_weather',
      input: { days: expect.any(Number) as unknown },
    });
  },
  'result of a tool': async (fleet) => {
    const called = await generateText({ model: at(fleet)('sim-chat'), prompt: 'x', tools });
    const [call] = called.toolCalls;
    if (call === undefined) throw new Error('no call');
    const output = { type: 'text' as const, value: 'sunny' };
    const result = {
      type: 'tool-result' as const,
      toolCallId: call.toolCallId,
      toolName: 'get_weather',
      output,
    };
    const messages = [
      { role: 'user' as const, content: 'x' },
      ...called.response.messages,
      { role: 'tool' as const, content: [result] },
    ];
    expect((await generateText({ model: at(fleet)('sim-chat'), messages, tools })).text).not.toBe('');
  },
  'structured output': async (fleet) => {
    const model = at(fleet)('sim-chat', { structuredOutputs: true });
    const { output } = await generateText({ model, prompt: 'x', output: Output.object({ schema }) });
    expect(output).toMatchObject({ days: expect.any(Number) as unknown });
  },
  embeddings: async (fleet) => {
    const { embeddings } = await embedMany({ model: at(fleet).embedding('sim-embed'), values: ['a', 'b'] });
    expect(embeddings.map(({ length }) => length)).toEqual([768, 768]);
  },
  'name mapped by an alias': async (fleet) => {
    const { text } = await generateText({ model: at(fleet)('gpt-5'), prompt: 'count', ...limits });
    expect(text).toBe(toFive);
  },
  'error for an unknown model': async (fleet) => {
    const asked = generateText({ model: at(fleet)('nosuch'), prompt: 'x', maxRetries: 0 });
    await expect(asked).rejects.toThrow(/model 'nosuch' not found/);
  },
  cancel: async (fleet) => {
    const leaving = new AbortController();
    const { textStream } = streamText({
      model: at(fleet)('sim-count'),
      prompt: 'x',
      abortSignal: leaving.signal,
    });
    await textStream[Symbol.asyncIterator]().next();
    leaving.abort();
    await waitUntil('the slot is free', async () => ((await busySlots(fleet)) === 0 ? true : undefined));
  },
};
export default checks;
