import { expect, it } from 'vitest';
import { OllamaError } from '../errors.ts';
import { readChatCall } from '../native/native-request.ts';
import { readOpenAiChat } from './openai-request.ts';

const chat = (...messages: readonly object[]) =>
  readOpenAiChat(JSON.stringify({ model: 'm', messages })).call.messages;

function refusalOf(read: () => unknown): string {
  try {
    read();
  } catch (error) {
    if (error instanceof OllamaError) return `${error.status} ${error.message}`;
    throw error;
  }
  return 'taken';
}

it('reads past tool calls as the native dialect does, so that both count the same tokens', () => {
  const asked = { role: 'user', content: 'Weather?' };
  const told = { role: 'tool', content: '18 degrees' };
  const openai = readOpenAiChat(
    JSON.stringify({
      model: 'm',
      messages: [
        asked,
        {
          role: 'assistant',
          content: '',
          tool_calls: [
            {
              id: 'call_1',
              type: 'function',
              index: 0,
              function: { name: 'weather', arguments: '{"city":"Rome"}' },
            },
          ],
        },
        told,
      ],
    }),
  ).call.messages;
  const native = readChatCall(
    JSON.stringify({
      model: 'm',
      messages: [
        asked,
        {
          role: 'assistant',
          content: '',
          tool_calls: [{ function: { name: 'weather', arguments: { city: 'Rome' } } }],
        },
        told,
      ],
    }),
  ).messages;
  expect(openai).toEqual(native);
});

it('keeps the tool calls of a message with content in parts', () => {
  const calls = [{ function: { name: 'f', arguments: '{}' } }];
  const content = [
    { type: 'text', text: 'a' },
    { type: 'text', text: 'b' },
  ];
  expect(
    chat({ role: 'assistant', content, tool_calls: calls }).map(({ toolCalls }) => toolCalls !== ''),
  ).toEqual([false, true]);
});

it('accepts a message without content when it has a list of tool calls, also an empty one', () => {
  expect(chat({ role: 'assistant', content: null, tool_calls: [] })).toHaveLength(1);
  expect(refusalOf(() => chat({ role: 'assistant', content: null }))).toBe(
    '400 invalid message content type: <nil>',
  );
});

it.each([['[]'], ['1'], ['"a"'], ['{'], ['']])(
  'refuses tool arguments that are no JSON object: %s',
  (text) => {
    const message = {
      role: 'assistant',
      content: '',
      tool_calls: [{ function: { name: 'f', arguments: text } }],
    };
    expect(refusalOf(() => chat(message))).toBe('400 invalid tool call arguments');
  },
);

it.each([
  ['data:;base64,AAAA', 'taken'],
  ['data:image/png;base64,AAAA', 'taken'],
  ['data:image/gif;base64,AAAA', '400 invalid image input'],
  ['data:image/png;base64,A', '400 invalid image input'],
  ['AAAA', '400 invalid image input'],
])('image %s: %s', (url, outcome) => {
  const content = [{ type: 'image_url', image_url: { url } }];
  expect(refusalOf(() => chat({ role: 'user', content }))).toBe(outcome);
});

it.each([
  [{ data: 'AAAA', format: 'wav' }, 'taken'],
  [{ data: '*' }, '400 invalid input_audio base64 data: illegal base64 data at input byte 0'],
  [{}, '400 invalid input_audio format: missing data'],
  ['AAAA', '400 invalid input_audio format'],
])('audio %j: %s', (audio, outcome) => {
  expect(
    refusalOf(() => chat({ role: 'user', content: [{ type: 'input_audio', input_audio: audio }] })),
  ).toBe(outcome);
});

it.each([
  ['A', '400 illegal base64 data at input byte 0'],
  ['AAAAA', '400 illegal base64 data at input byte 4'],
  ['AA*A', '400 illegal base64 data at input byte 2'],
  ['AAAA', 'taken'],
])('native image %s: %s', (image, outcome) => {
  const messages = [{ role: 'user', content: 'x', images: [image] }];
  expect(refusalOf(() => readChatCall(JSON.stringify({ model: 'm', messages })))).toBe(outcome);
});
