import { expect, it } from 'vitest';
import { RequestFailure } from '../../errors.ts';
import { translateMessages } from './messages-request.ts';

const messages = [{ role: 'user', content: 'hi' }];

function translateText(text: string): ReturnType<typeof translateMessages> {
  return translateMessages(Buffer.from(text));
}

function whole(body: object): ReturnType<typeof translateMessages> {
  return translateText(JSON.stringify({ model: 'm', max_tokens: 9, messages, ...body }));
}

function translate(body: object): Record<string, unknown> {
  return JSON.parse(whole(body).body.toString()) as Record<string, unknown>;
}

function turns(content: unknown, role = 'user'): unknown {
  return translate({ messages: [{ role, content }] })['messages'];
}

it('translates the fields that Ollama has, and leaves out those that the client does not send', () => {
  expect(translate({})).toEqual({ model: 'm', messages, stream: false, options: { num_predict: 9 } });
  const options = { temperature: 0.5, top_p: 0.9, top_k: 40 };
  expect(translate({ ...options, stop_sequences: ['END'], stream: true })).toEqual({
    model: 'm',
    messages,
    stream: true,
    options: { num_predict: 9, ...options, stop: ['END'] },
  });
});

it('puts the system text first, and joins its blocks', () => {
  expect(translate({ system: 'be kind' })['messages']).toEqual([
    { role: 'system', content: 'be kind' },
    ...messages,
  ]);
  const blocks = [
    { type: 'text', text: 'a' },
    { type: 'text', text: 'b', cache_control: { type: 'ephemeral' } },
  ];
  expect(translate({ system: blocks })['messages']).toEqual([{ role: 'system', content: 'ab' }, ...messages]);
  expect(translate({ system: '' })['messages']).toEqual(messages);
});

it('joins the blocks of a message to one message', () => {
  const source = { type: 'base64', media_type: 'image/png', data: 'AA\nAA' };
  expect(
    turns([
      { type: 'text', text: 'see ' },
      { type: 'image', source },
      { type: 'text', text: 'this' },
    ]),
  ).toEqual([{ role: 'user', content: 'see this', images: ['AAAA'] }]);
});

it('translates a turn of the assistant with thinking and calls', () => {
  const content = [
    { type: 'thinking', thinking: 'hm', signature: 's' },
    { type: 'text', text: 'ok' },
    { type: 'tool_use', id: 't1', name: 'f', input: { b: 1, a: 2 } },
  ];
  expect(turns(content, 'assistant')).toEqual([
    {
      role: 'assistant',
      content: 'ok',
      thinking: 'hm',
      tool_calls: [{ id: 't1', function: { name: 'f', arguments: { b: 1, a: 2 } } }],
    },
  ]);
});

it('puts the results of tools before the text of their turn', () => {
  const content = [
    { type: 'text', text: 'and now?' },
    { type: 'tool_result', tool_use_id: 't1', content: 'sunny' },
    {
      type: 'tool_result',
      tool_use_id: 't2',
      content: [
        { type: 'text', text: 'a' },
        { type: 'text', text: 'b' },
      ],
    },
    { type: 'tool_result', tool_use_id: 't3', is_error: true },
  ];
  expect(turns(content)).toEqual([
    { role: 'tool', content: 'sunny', tool_call_id: 't1' },
    { role: 'tool', content: 'ab', tool_call_id: 't2' },
    { role: 'tool', content: '', tool_call_id: 't3' },
    { role: 'user', content: 'and now?' },
  ]);
});

it('keeps the images of a tool’s result', () => {
  const image = { type: 'image', source: { type: 'base64', media_type: 'image/png', data: 'AAAA' } };
  expect(turns([{ type: 'tool_result', tool_use_id: 't1', content: [image] }])).toEqual([
    { role: 'tool', content: '', images: ['AAAA'], tool_call_id: 't1' },
  ]);
});

it('keeps the text of schemas, of arguments and of strings', () => {
  const schema = '{"type":"object","properties":{"10":{"minimum":1.0},"2":{}}}';
  const { body } = translateText(
    `{"model":"m","max_tokens":9,"tools":[{"name":"f","description":"d","input_schema":${schema}}],` +
      String.raw`"messages":[{"role":"user","content":[{"type":"text","text":"é\ud83d"},{"type":"text","text":"\/"}]},` +
      `{"role":"assistant","content":[{"type":"tool_use","id":"t","name":"f","input":{"2":1.0,"1":9007199254740993}}]}]}`,
  );
  const text = body.toString();
  expect(text).toContain(`"parameters":${schema}`);
  expect(text).toContain('"arguments":{"2":1.0,"1":9007199254740993}');
  expect(text).toContain(String.raw`"content":"é\ud83d\/"`);
});

it.each([
  [{ type: 'enabled', budget_tokens: 1_024 }, undefined, true],
  [{ type: 'disabled' }, { effort: 'high' }, false],
  [{ type: 'adaptive' }, { effort: 'xhigh' }, 'high'],
  [undefined, { effort: 'max' }, 'max'],
  [undefined, { effort: 'tiny' }, undefined],
])('translates thinking %j with output_config %j to think %j', (thinking, output_config, think) => {
  expect(translate({ thinking, output_config })['think']).toBe(think);
});

it('has a body without think for a model that cannot think', () => {
  const { bodyWithoutThink } = whole({ thinking: { type: 'enabled' } });
  expect(JSON.parse(bodyWithoutThink?.().toString() ?? '')).not.toHaveProperty('think');
  expect(whole({ thinking: { type: 'disabled' } }).bodyWithoutThink).toBeUndefined();
});

const tools = [
  {
    name: 'f',
    description: 'does f',
    input_schema: { type: 'object', properties: { x: { type: 'integer' } } },
  },
  { name: 'g', input_schema: { type: 'object' } },
];

it('translates tools, and strips them for tool_choice none', () => {
  const [f] = tools;
  expect(translate({ tools: [f], tool_choice: { type: 'auto' } })['tools']).toEqual([
    { type: 'function', function: { name: 'f', description: 'does f', parameters: f?.input_schema } },
  ]);
  expect(translate({ tools, tool_choice: { type: 'none' } })).not.toHaveProperty('tools');
});

it('constrains the answer to the arguments of a named tool', () => {
  const { body, forced } = whole({ tools, tool_choice: { type: 'tool', name: 'f' } });
  const request = JSON.parse(body.toString()) as Record<string, never>;
  expect(request).not.toHaveProperty('tools');
  expect(request['format']).toEqual(tools[0]?.input_schema);
  expect(request['messages']).toEqual([
    { role: 'system', content: expect.stringContaining('"f": does f') as unknown },
    ...messages,
  ]);
  expect(forced?.name).toBe('f');
});

it('constrains the answer to a call of any tool', () => {
  expect(translate({ tools, tool_choice: { type: 'any' } })['format']).toMatchObject({
    anyOf: [
      { properties: { name: { const: 'f' }, arguments: tools[0]?.input_schema } },
      { properties: { name: { const: 'g' } }, required: ['name', 'arguments'] },
    ],
  });
});

it('refuses a choice of a tool that is not there', () => {
  expect(() => whole({ tools, tool_choice: { type: 'tool', name: 'h' } })).toThrow(
    'names a tool that is not in tools',
  );
  expect(() => whole({ tool_choice: { type: 'any' } })).toThrow('tool_choice needs tools');
});

it('translates a schema for structured output', () => {
  const schema = { type: 'object' };
  expect(translate({ output_config: { format: { type: 'json_schema', schema } } })['format']).toEqual(schema);
});

it('names what it leaves out', () => {
  const request = whole({
    system: [{ type: 'text', text: 'a', cache_control: { type: 'ephemeral' } }],
    messages: [
      {
        role: 'user',
        content: [
          { type: 'text', text: 'a' },
          { type: 'document', source: { type: 'text' } },
        ],
      },
    ],
    tools: [{ type: 'web_search_20250305', name: 'web_search' }],
    thinking: { type: 'enabled', budget_tokens: 5 },
    tool_choice: { type: 'auto', disable_parallel_tool_use: true },
    metadata: { user_id: 'u' },
    container: 'c',
    service_tier: 'auto',
  });
  expect(request.ignored.toSorted()).toEqual([
    'cache_control',
    'container',
    'content.document',
    'metadata',
    'thinking.budget_tokens',
    'tool_choice.disable_parallel_tool_use',
    'tools.web_search_20250305',
  ]);
});

it.each([
  ['', 'EOF'],
  ['{}', 'model is required'],
  ['{"model":"m","messages":[{"role":"user","content":"a"}]}', 'max_tokens is required and must be positive'],
  ['{"model":"m","max_tokens":0}', 'max_tokens is required and must be positive'],
  ['{"model":"m","max_tokens":1}', 'messages is required'],
  [
    '{"model":"m","max_tokens":"1"}',
    'json: cannot unmarshal string into Go struct field MessagesRequest.max_tokens of type int',
  ],
  [
    '{"model":"m","max_tokens":1,"messages":[{"role":"user","content":""}]}',
    'messages must hold some content',
  ],
  [
    '{"model":"m","max_tokens":1,"messages":[{"role":"user","content":5}]}',
    'json: cannot unmarshal number into Go value of type []anthropic.ContentBlock',
  ],
  [
    '{"model":"m","max_tokens":1,"messages":[{"role":"user","content":[{"type":"text","text":5}]}]}',
    'json: cannot unmarshal number into Go struct field ContentBlock.text of type string',
  ],
  [
    '{"model":"m","max_tokens":1,"messages":[{"role":"user","content":[{"type":"image"}]}]}',
    'invalid image source',
  ],
  [
    '{"model":"m","max_tokens":1,"messages":[{"role":"user","content":[{"type":"image","source":{"type":"url","url":"http://x"}}]}]}',
    'invalid image source type: url. Only base64 images are supported.',
  ],
  [
    '{"model":"m","max_tokens":1,"messages":[{"role":"assistant","content":[{"type":"tool_use","name":"f"}]}]}',
    "tool_use block missing required 'id' field",
  ],
])('refuses %s as Ollama does', (body, text) => {
  let failure: unknown;
  try {
    translateText(body);
  } catch (error) {
    failure = error;
  }
  expect(failure).toBeInstanceOf(RequestFailure);
  expect((failure as RequestFailure).status).toBe(400);
  expect((failure as RequestFailure).message).toBe(text);
});
