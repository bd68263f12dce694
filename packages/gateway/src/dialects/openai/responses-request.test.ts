import { expect, it } from 'vitest';
import { RequestFailure } from '../../errors.ts';
import { translateResponses } from './responses-request.ts';

function whole(body: object): ReturnType<typeof translateResponses> {
  return translateResponses(Buffer.from(JSON.stringify({ model: 'm', input: 'hi', ...body })));
}

function translate(body: object): Record<string, unknown> {
  return JSON.parse(whole(body).body.toString()) as Record<string, unknown>;
}

function turns(...input: object[]): unknown {
  return translate({ input })['messages'];
}

const messages = [{ role: 'user', content: 'hi' }];

it('translates the fields that Ollama has', () => {
  expect(translate({})).toEqual({ model: 'm', messages, stream: false, options: { temperature: 1 } });
  const schema = { type: 'object', properties: { b: {}, a: {} } };
  expect(
    translate({
      instructions: 'be kind',
      temperature: 0,
      top_p: 0.5,
      max_output_tokens: 7,
      stream: true,
      reasoning: { effort: 'minimal' },
      text: { format: { type: 'json_schema', name: 's', schema } },
    }),
  ).toEqual({
    model: 'm',
    messages: [{ role: 'system', content: 'be kind' }, ...messages],
    stream: true,
    think: 'low',
    format: schema,
    options: { temperature: 0, top_p: 0.5, num_predict: 7 },
  });
});

it('joins the parts of a message to one message', () => {
  const content = [
    { type: 'input_text', text: 'see ' },
    { type: 'input_image', image_url: 'data:image/png;base64,AAAA' },
    { type: 'input_image', file_id: 'f1' },
    { type: 'output_text', text: 'this' },
  ];
  expect(turns({ role: 'user', content }, { type: 'message', role: 'developer', content: 'x' })).toEqual([
    { role: 'user', content: 'see this', images: ['AAAA'] },
    { role: 'developer', content: 'x' },
  ]);
});

it('puts calls and reasoning into the message of the assistant, and outputs behind it', () => {
  expect(
    turns(
      { role: 'user', content: 'a' },
      { type: 'reasoning', summary: [], encrypted_content: 'hm' },
      { role: 'assistant', content: 'I look' },
      { type: 'function_call', call_id: 'c1', name: 'f', arguments: '{"b":1.0}' },
      { type: 'function_call', call_id: 'c2', name: 'g', arguments: '' },
      { type: 'message', role: 'assistant', content: 'wait' },
      { type: 'function_call_output', call_id: 'c1', output: 'one' },
      { type: 'function_call_output', call_id: 'c2', output: [{ type: 'input_text', text: 'two' }] },
      { type: 'reasoning', encrypted_content: 'so' },
    ),
  ).toEqual([
    { role: 'user', content: 'a' },
    {
      role: 'assistant',
      content: 'I look\nwait',
      thinking: 'hm',
      tool_calls: [
        { id: 'c1', function: { name: 'f', arguments: { b: 1 } } },
        { id: 'c2', function: { name: 'g', arguments: {} } },
      ],
    },
    { role: 'tool', content: 'one', tool_call_id: 'c1' },
    { role: 'tool', content: 'two', tool_call_id: 'c2' },
    { role: 'assistant', content: '', thinking: 'so' },
  ]);
});

it('keeps the text of schemas and of arguments', () => {
  const schema = '{"type":"object","properties":{"10":{"minimum":1.0},"2":{}}}';
  const { body } = translateResponses(
    Buffer.from(
      `{"model":"m","input":[{"type":"function_call","call_id":"c","name":"f","arguments":"{\\"2\\":1.0,\\"1\\":2}"},{"role":"user","content":"é"}],` +
        `"tools":[{"type":"function","name":"f","description":null,"strict":null,"parameters":${schema}}],"text":{"format":{"type":"json_schema","schema":${schema}}}}`,
    ),
  );
  const text = body.toString();
  expect(text).toContain(`"format":${schema}`);
  expect(text).toContain(`"parameters":${schema}`);
  expect(text).toContain('"arguments":{"2":1.0,"1":2}');
});

it('flattens the tools of a namespace, and leaves out tools of OpenAI’s servers', () => {
  const request = whole({
    tools: [
      {
        type: 'namespace',
        name: 'ns',
        tools: [
          { type: 'function', name: 'f' },
          { type: 'function', name: 'ns.g' },
        ],
      },
      { type: 'web_search' },
    ],
  });
  expect(JSON.parse(request.body.toString())).toMatchObject({
    tools: [{ function: { name: 'ns.f' } }, { function: { name: 'ns.g' } }],
  });
  expect(request.ignored).toEqual(['tools.web_search']);
});

it('obeys tool_choice', () => {
  const tools = [{ type: 'function', name: 'f', parameters: { type: 'object' } }];
  expect(translate({ tools, tool_choice: 'none' })).not.toHaveProperty('tools');
  const forced = translate({ tools, tool_choice: { type: 'function', name: 'f' } });
  expect(forced).toMatchObject({ format: { type: 'object' }, messages: [{ role: 'system' }, ...messages] });
  expect(translate({ tools, tool_choice: 'auto' })['tools']).toHaveLength(1);
});

it('names the fields that nothing uses', () => {
  const request = whole({
    background: true,
    include: ['x'],
    previous_response_id: 'r',
    store: false,
    parallel_tool_calls: true,
    metadata: {},
    tool_choice: { type: 'mcp' },
  });
  expect(request.ignored.toSorted()).toEqual([
    'background',
    'include',
    'metadata',
    'previous_response_id',
    'tool_choice',
  ]);
});

it.each([
  [
    { input: 5 },
    'input must be a string or array: json: cannot unmarshal number into Go value of type []json.RawMessage',
  ],
  [{ input: '' }, 'input must hold some content'],
  [{ input: [{ content: 'x' }] }, "input[0]: input item missing required 'type' field"],
  [{ input: [{ type: 'x' }] }, 'input[0]: unknown input item type: "x"'],
  [{ input: [{ role: 'user', content: [{ type: 'x' }] }] }, 'input[0]: content[0]: unknown content type: x'],
  [
    { input: [{ role: 'user', content: [{ type: 'input_file' }] }] },
    'file inputs are not currently supported',
  ],
  [{ max_output_tokens: 0 }, 'max_output_tokens must not be 0: a host would answer without end'],
  [
    { temperature: 'x' },
    'json: cannot unmarshal string into Go struct field ResponsesRequest.temperature of type float64',
  ],
])('refuses %j', (body, text) => {
  let failure: unknown;
  try {
    whole(body);
  } catch (error) {
    failure = error;
  }
  expect(failure).toBeInstanceOf(RequestFailure);
  expect([(failure as RequestFailure).status, (failure as RequestFailure).message]).toEqual([400, text]);
});
