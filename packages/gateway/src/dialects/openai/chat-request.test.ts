import { bodyOf, readGroup } from '@drover/ollama-sim/testing';
import { it, expect } from 'vitest';
import { translateChatRequest } from './chat-request.ts';
import { untranslatedReply } from './openai-error.ts';
import { RequestFailure } from '../../errors.ts';

const messages = [{ role: 'user', content: 'hi' }];

function translate(body: object): Record<string, unknown> {
  return JSON.parse(
    translateChatRequest(Buffer.from(JSON.stringify({ model: 'm', messages, ...body }))).body.toString(),
  ) as Record<string, unknown>;
}

function ignored(body: object): readonly string[] {
  return translateChatRequest(Buffer.from(JSON.stringify({ model: 'm', messages, ...body }))).ignored;
}

/** An answer of Ollama's OpenAI layer itself has a charset; a translated refusal of Ollama has none. */
const refusals = readGroup('v1-chat').filter(
  ({ response }) =>
    response.status_line.includes(' 400 ') &&
    response.headers.some(([name, value]) => name === 'Content-Type' && value.includes('charset')),
);

it.each(refusals.map((transcript) => [transcript.name, transcript] as const))(
  'refuses as recorded: %s',
  (_, transcript) => {
    let failure: unknown;
    try {
      translateChatRequest(Buffer.from(transcript.request.body));
    } catch (error) {
      failure = error;
    }
    expect(failure).toBeInstanceOf(RequestFailure);
    expect(untranslatedReply(failure as RequestFailure).body).toBe(bodyOf(transcript.response));
  },
);

it('uses OpenAI’s sampling defaults', () => {
  expect(translate({})).toEqual({
    model: 'm',
    messages,
    stream: false,
    options: { temperature: 1, top_p: 1 },
  });
});

it('uses max_completion_tokens if max_tokens is absent, and max_tokens if both are present', () => {
  expect(translate({ max_completion_tokens: 3 }).options).toMatchObject({ num_predict: 3 });
  expect(translate({ max_tokens: 5, max_completion_tokens: 3 }).options).toMatchObject({ num_predict: 5 });
});

it.each(['max_tokens', 'max_completion_tokens'])(
  'refuses 0 for %s, which would let a host generate without end',
  (field) => {
    expect(() => translate({ [field]: 0 })).toThrow(`${field} must not be 0`);
  },
);

it('translates response_format to format', () => {
  expect(translate({ response_format: { type: 'json_object' } }).format).toBe('json');
  const schema = { type: 'object' };
  expect(
    translate({ response_format: { type: 'json_schema', json_schema: { name: 'x', schema } } }).format,
  ).toEqual(schema);
  expect(translate({ response_format: { type: 'text' } }).format).toBeUndefined();
});

it('translates stop to a list of strings and drops other values', () => {
  expect(translate({ stop: 'a' }).options).toMatchObject({ stop: ['a'] });
  expect(translate({ stop: ['a', 5, 'b'] }).options).toMatchObject({ stop: ['a', 'b'] });
  expect(translate({ stop: 5 }).options).not.toHaveProperty('stop');
});

it('maps reasoning effort to Ollama’s scale', () => {
  const think = (effort: string): unknown => translate({ reasoning_effort: effort }).think;
  expect(['none', 'minimal', 'low', 'xhigh', ''].map(think)).toEqual([false, 'low', 'low', 'max', undefined]);
  expect(translate({ reasoning: { effort: 'high' }, reasoning_effort: 'low' }).think).toBe('high');
});

it('translates each part of a message to a message, with images as plain base64', () => {
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

it.each(['data:image/gif;base64,AAAA', 'data:image/png;base64,@@@', 'AAAA', 'file:///etc/passwd'])(
  'refuses the image %s',
  (url) => {
    const content = [{ type: 'image_url', image_url: { url } }];
    expect(() => translate({ messages: [{ role: 'user', content }] })).toThrow('invalid image input');
  },
);

it('finds the tool names of very many tool answers fast', () => {
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

it.each([
  [{ messages: [null] }, 'invalid message content type: <nil>'],
  [{ messages: [{ role: 'assistant', tool_calls: [null] }] }, 'invalid tool call arguments'],
])('reads null in a list as an empty element, as Go does', (body, text) => {
  expect(() => translate(body)).toThrow(text);
});

it('gives the answer of a tool the name of the tool', () => {
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

it('names the fields that are not used, except those whose value would change nothing', () => {
  expect(ignored({ n: 2, tool_choice: 'sometimes', logit_bias: {}, 'od d\n': 1 })).toEqual([
    'n',
    'tool_choice',
    'logit_bias',
    'od_d_',
  ]);
  expect(ignored({ n: 1, tool_choice: 'auto', user: null, stream: true, max_tokens: 4 })).toEqual([]);
});

it('ignores the case of keys, as Go does', () => {
  expect(
    translateChatRequest(Buffer.from('{"Model":"x","MESSAGES":[{"Role":"user","content":"hi"}]}')).model,
  ).toBe('x');
});

it('refuses JSON that is nested too deeply', () => {
  const deep = `${'['.repeat(100_000)}${']'.repeat(100_000)}`;
  const body = `{"model":"m","messages":[{"role":"user","content":"hi"}],"tools":[${deep}]}`;
  expect(() => translateChatRequest(Buffer.from(body))).toThrow('exceeded max depth');
});

it('treats a key named __proto__ as an unknown field', () => {
  const body = '{"__proto__":{"model":"evil"},"model":"m","messages":[{"role":"user","content":"hi"}]}';
  expect(translateChatRequest(Buffer.from(body))).toMatchObject({ model: 'm', ignored: ['__proto__'] });
});

it('keeps the key order of a schema whose keys look like integers', () => {
  const schema = '{"properties":{"reason":{"maximum":1.0},"10":{},"2":{"const":9007199254740993}}}';
  const format = `{"type":"json_schema","json_schema":{"schema":${schema}}}`;
  const body = `{"model":"m","messages":[{"role":"user","content":"hi"}],"response_format":${format}}`;
  expect(translateChatRequest(Buffer.from(body)).body.toString()).toContain(`"format":${schema}`);
});

it.each([
  ['{"stop":[]}', { stop: null }],
  ['{"stop":[1]}', { stop: null }],
  ['{"stop":["a",1]}', { stop: ['a'] }],
  ['{"stop":null}', {}],
  ['{"seed":9007199254740993}', { seed: 9_007_199_254_740_993n }],
])(
  'translates %s to the options %o: a list without strings is nil in Go, and the model uses its own',
  (given, made) => {
    const body = `{"model":"m","messages":[{"role":"user","content":"hi"}],${given.slice(1)}`;
    const text = translateChatRequest(Buffer.from(body)).body.toString();
    const options = /"options":(\{.*\})\}$/.exec(text)?.[1] ?? '';
    const [field = '', value] = Object.entries(made)[0] ?? [];
    if (field === '') expect(options).not.toContain('stop');
    else expect(options).toContain(`"${field}":${typeof value === 'bigint' ? value : JSON.stringify(value)}`);
  },
);

it('translates a content without parts to no message, which Go writes as null', () => {
  expect(translate({ messages: [{ role: 'user', content: [] }] })['messages']).toBe(null);
});

it.each([
  ['"seed":1.0', 'number 1.0', 'ChatCompletionRequest.seed of type int'],
  ['"seed":99999999999999999999', 'number 99999999999999999999', 'ChatCompletionRequest.seed of type int'],
  ['"temperature":1e999', 'number 1e999', 'ChatCompletionRequest.temperature of type float64'],
  ['"messages":[{"role":5}]', 'number', 'Message.messages.role of type string'],
  [
    '"messages":[{"tool_calls":[{"function":{"name":5}}]}]',
    'number',
    '.messages.tool_calls.function.name of type string',
  ],
  ['"tools":[5]', 'number', 'ChatCompletionRequest.tools of type api.Tool'],
  [
    '"tools":[{"function":{"parameters":{"required":"x"}}}]',
    'string',
    'ToolFunctionParameters.tools.function.parameters.required of type []string',
  ],
  ['"response_format":{"type":true}', 'bool', 'ResponseFormat.response_format.type of type string'],
])('refuses {%s} as Go’s decoder does, naming the innermost struct', (member, what, where) => {
  expect(() => translateChatRequest(Buffer.from(`{"model":"m",${member}}`))).toThrow(
    new RegExp(
      `^json: cannot unmarshal ${what} into Go struct field ${where.replaceAll(/[[\].]/g, '\\$&')}$`,
    ),
  );
});

it('reports invalid JSON before a wrong type', () => {
  expect(() => translateChatRequest(Buffer.from('{"model":5,,}'))).toThrow(
    "invalid character ',' looking for beginning of object key string",
  );
});
