import { createOpenAICompatible } from '@ai-sdk/openai-compatible';
import {
  APICallError,
  embedMany,
  generateText,
  jsonSchema,
  Output,
  streamText,
  tool,
  type ToolSet,
} from 'ai';
import { expect } from 'vitest';
import {
  busySlots,
  breaks,
  type CompatibleClient,
  type Fleet,
  isBusyOnce,
  pixel,
  toFive,
  weather,
  withFault,
} from '../lib/compatibility/client.ts';
import { waitUntil } from '../lib/wait-until.ts';

const limits = { maxOutputTokens: 5, maxRetries: 0 };
const weatherTool = tool({
  description: 'd',
  inputSchema: jsonSchema<{ city: string; days: number }>({ ...weather }),
});
const tools: ToolSet = { get_weather: weatherTool };
const answer = Output.object({ schema: jsonSchema<{ city: string; days: number }>({ ...weather }) });

function at({ url }: Fleet): ReturnType<typeof createOpenAICompatible> {
  return createOpenAICompatible({
    name: 'drover',
    baseURL: `${url}/v1`,
    apiKey: 'none',
    includeUsage: true,
    supportsStructuredOutputs: true,
  });
}

/** The packages `ai` and `@ai-sdk/openai-compatible`. */
const checks: CompatibleClient['checks'] = {
  chat: async (fleet) => {
    const { text, usage } = await generateText({ model: at(fleet)('sim-count'), prompt: 'count', ...limits });
    expect([text, usage.outputTokens]).toEqual([toFive, 5]);
  },
  'streamed chat': async (fleet) => {
    const stream = streamText({ model: at(fleet)('sim-count'), prompt: 'count', ...limits });
    expect([await stream.text, (await stream.usage).outputTokens]).toEqual([toFive, 5]);
  },
  'text completion': async (fleet) => {
    const model = at(fleet).completionModel('sim-count');
    expect((await generateText({ model, prompt: 'x', ...limits })).text).toContain('1 2 3');
  },
  thinking: async (fleet) => {
    const { reasoningText, text } = await generateText({ model: at(fleet)('sim-think'), prompt: 'x' });
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
    const { toolCalls, finishReason } = await generateText({
      model: at(fleet)('sim-chat'),
      prompt: 'x',
      tools,
    });
    expect([finishReason, toolCalls[0]?.toolName]).toEqual(['tool-calls', 'get_weather']);
    const stream = streamText({ model: at(fleet)('sim-chat'), prompt: 'x', tools });
    expect((await stream.toolCalls)[0]?.input).toMatchObject({ days: expect.any(Number) as unknown });
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
  'forced call': async (fleet) => {
    const toolChoice = { type: 'tool' as const, toolName: 'get_weather' };
    const model = at(fleet)('sim-count');
    const { toolCalls } = await generateText({ model, prompt: 'x', tools, toolChoice });
    expect(toolCalls[0]?.input).toMatchObject({ days: expect.any(Number) as unknown });
  },
  'forbidden call': async (fleet) => {
    const model = at(fleet)('sim-chat');
    expect((await generateText({ model, prompt: 'x', tools, toolChoice: 'none' })).toolCalls).toEqual([]);
  },
  'structured output': async (fleet) => {
    const { output } = await generateText({ model: at(fleet)('sim-chat'), prompt: 'x', output: answer });
    expect(output).toMatchObject({ days: expect.any(Number) as unknown });
  },
  embeddings: async (fleet) => {
    const model = at(fleet).embeddingModel('sim-embed');
    const { embeddings } = await embedMany({ model, values: ['a', 'b'] });
    expect(embeddings.map(({ length }) => length)).toEqual([768, 768]);
  },
  'name mapped by an alias': async (fleet) => {
    const { text } = await generateText({ model: at(fleet)('gpt-5'), prompt: 'count', ...limits });
    expect(text).toBe(toFive);
  },
  'error for an unknown model': async (fleet) => {
    const asked = generateText({ model: at(fleet)('nosuch'), prompt: 'x', maxRetries: 0 });
    await expect(asked).rejects.toSatisfy(
      (error) => APICallError.isInstance(error) && error.statusCode === 404,
    );
  },
  'error in a broken stream': async (fleet) => {
    await withFault(fleet, breaks, async () => {
      const errors: unknown[] = [];
      const stream = streamText({
        model: at(fleet)('sim-count'),
        prompt: 'x',
        maxRetries: 0,
        onError: ({ error }) => void errors.push(error),
      });
      await stream.consumeStream();
      expect(errors).toHaveLength(1);
    });
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
  'retry after 503': async (fleet) => {
    await withFault(fleet, isBusyOnce, async () => {
      const { text } = await generateText({ model: at(fleet)('sim-count'), prompt: 'x', maxOutputTokens: 5 });
      expect(text).toBe(toFive);
    });
  },
};
export default checks;
