import { expect, test } from 'vitest';
import { readGroup } from '../golden/transcript.ts';
import { translateChatRequest } from './chat-request.ts';
import { refusedReply } from './openai-error.ts';
import { RequestFailure } from '../errors.ts';

const messages = [{ role: 'user', content: 'hi' }];

function translate(body: object): Record<string, unknown> {
  return JSON.parse(translateChatRequest(JSON.stringify({ model: 'm', messages, ...body })).body) as Record<
    string,
    unknown
  >;
}

function ignored(body: object): readonly string[] {
  return translateChatRequest(JSON.stringify({ model: 'm', messages, ...body })).ignored;
}

/** What Ollama's layer refuses by itself carries a charset; what it passed on and Ollama refused does not. */
const refusals = readGroup('v1-chat').filter(
  ({ response }) =>
    response.status === 400 &&
    response.headers.some(([name, value]) => name === 'Content-Type' && value.includes('charset')),
);

test.each(refusals.map((transcript) => [transcript.name, transcript] as const))(
  'refuses as recorded: %s',
  (_, transcript) => {
    let failure: unknown;
    try {
      translateChatRequest(transcript.request.body);
    } catch (error) {
      failure = error;
    }
    expect(failure).toBeInstanceOf(RequestFailure);
    expect(refusedReply(failure as RequestFailure).body).toBe(transcript.response.body);
  },
);

test('samples as OpenAI does where nothing is said', () => {
  expect(translate({})).toEqual({
    model: 'm',
    messages,
    stream: false,
    options: { temperature: 1, top_p: 1 },
  });
});

test('takes max_completion_tokens where max_tokens is absent, and max_tokens where both are there', () => {
  expect(translate({ max_completion_tokens: 3 }).options).toMatchObject({ num_predict: 3 });
  expect(translate({ max_tokens: 5, max_completion_tokens: 3 }).options).toMatchObject({ num_predict: 5 });
});

test.each(['max_tokens', 'max_completion_tokens'])(
  'refuses %s 0, for which a host would never end',
  (field) => {
    expect(() => translate({ [field]: 0 })).toThrow(`${field} must not be 0`);
  },
);

test('turns response_format into format', () => {
  expect(translate({ response_format: { type: 'json_object' } }).format).toBe('json');
  const schema = { type: 'object' };
  expect(
    translate({ response_format: { type: 'json_schema', json_schema: { name: 'x', schema } } }).format,
  ).toEqual(schema);
  expect(translate({ response_format: { type: 'text' } }).format).toBeUndefined();
});

test('turns stop into a list of strings and drops what is none', () => {
  expect(translate({ stop: 'a' }).options).toMatchObject({ stop: ['a'] });
  expect(translate({ stop: ['a', 5, 'b'] }).options).toMatchObject({ stop: ['a', 'b'] });
  expect(translate({ stop: 5 }).options).not.toHaveProperty('stop');
});

test('puts effort on Ollama’s scale', () => {
  const think = (effort: string): unknown => translate({ reasoning_effort: effort }).think;
  expect(['none', 'minimal', 'low', 'xhigh', ''].map(think)).toEqual([false, 'low', 'low', 'max', undefined]);
  expect(translate({ reasoning: { effort: 'high' }, reasoning_effort: 'low' }).think).toBe('high');
});

test('makes each part of a message a message, images as bare base64', () => {
  const content = [
    { type: 'text', text: 'see' },
    { type: 'image_url', image_url: { url: 'data:image/png;base64,AAAA' } },
    { type: 'image_url', image_url: 'data:;base64,BBBB' },
  ];
  expect(translate({ messages: [{ role: 'user', content }] }).messages).toEqual([
    { role: 'user', content: 'see' },
    { role: 'user', content: '', images: ['AAAA'] },
    { role: 'user', content: '', images: ['BBBB'] },
  ]);
});

test.each(['data:image/gif;base64,AAAA', 'data:image/png;base64,@@@', 'AAAA', 'file:///etc/passwd'])(
  'refuses the image %s',
  (url) => {
    const content = [{ type: 'image_url', image_url: { url } }];
    expect(() => translate({ messages: [{ role: 'user', content }] })).toThrow('invalid image input');
  },
);

test('names the tools of very many answers in no time', () => {
  const call = { id: 'last', function: { name: 'get_weather', arguments: '{}' } };
  const answers = Array.from({ length: 40_000 }, () => ({
    role: 'tool',
    tool_call_id: 'none',
    content: '',
  }));
  const { messages: native } = translate({
    messages: [
      {
        role: 'assistant',
        content: null,
        tool_calls: [call, { ...call, function: { name: 'other', arguments: '{}' } }],
      },
      ...answers,
      { role: 'tool', tool_call_id: 'last', content: 'sunny' },
    ],
  });
  expect((native as unknown[]).at(-1)).toMatchObject({ tool_name: 'get_weather' });
});

test.each([
  [{ messages: [null] }, 'invalid message content type: <nil>'],
  [{ messages: [{ role: 'assistant', tool_calls: [null] }] }, 'invalid tool call arguments'],
])('takes null in a list for an empty member, as Go does', (body, text) => {
  expect(() => translate(body)).toThrow(text);
});

test('gives a tool’s answer the name of the tool it answers', () => {
  const call = {
    id: 'call_1',
    type: 'function',
    function: { name: 'get_weather', arguments: '{"city":"Paris"}' },
  };
  const turn = [
    ...messages,
    { role: 'assistant', content: null, tool_calls: [call] },
    { role: 'tool', tool_call_id: 'call_1', content: 'sunny' },
  ];
  expect(translate({ messages: turn }).messages).toEqual([
    ...messages,
    {
      role: 'assistant',
      content: '',
      tool_calls: [{ id: 'call_1', function: { name: 'get_weather', arguments: { city: 'Paris' } } }],
    },
    { role: 'tool', content: 'sunny', tool_name: 'get_weather', tool_call_id: 'call_1' },
  ]);
});

test('names the fields nobody acts on, and not those that ask for what happens anyway', () => {
  expect(ignored({ n: 2, tool_choice: 'none', logit_bias: {}, 'od d\n': 1 })).toEqual([
    'n',
    'tool_choice',
    'logit_bias',
    'od_d_',
  ]);
  expect(ignored({ n: 1, tool_choice: 'auto', user: null, stream: true, max_tokens: 4 })).toEqual([]);
});

test('matches keys without regard to case, as Go does', () => {
  expect(translateChatRequest('{"Model":"x","MESSAGES":[{"Role":"user","content":"hi"}]}').model).toBe('x');
});

test('refuses what is nested deeper than can be written', () => {
  const deep = `${'['.repeat(100_000)}${']'.repeat(100_000)}`;
  const body = `{"model":"m","messages":[{"role":"user","content":"hi"}],"tools":[${deep}]}`;
  expect(() => translateChatRequest(body)).toThrow('exceeded max depth');
});

test('takes a key named __proto__ for an unknown field', () => {
  const body = '{"__proto__":{"model":"evil"},"model":"m","messages":[{"role":"user","content":"hi"}]}';
  expect(translateChatRequest(body)).toMatchObject({ model: 'm', ignored: ['__proto__'] });
});
