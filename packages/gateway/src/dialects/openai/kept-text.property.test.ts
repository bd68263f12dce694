import * as fc from 'fast-check';
import { expect, it } from 'vitest';
import { chatAnswer } from './chat-answer.ts';
import { translateChatRequest } from './chat-request.ts';
import { embeddingAnswer, translateEmbedding } from './embedding.ts';

/**
 * JSON text that parsing to objects would change: keys like integers, repeated keys, numbers in all spellings, white
 * space.
 */
const space = fc.constantFrom('', '', '', ' ', '\n', '\t', '\r\n  ');
const key = fc.constantFrom(
  '1',
  '10',
  '2',
  'b',
  'a',
  'a',
  '__proto__',
  'constructor',
  '',
  'é',
  '<x>',
  '\\u0041',
  '\\"q\\"',
);
const number = fc.constantFrom(
  '0',
  '-0',
  '1.0',
  '1e3',
  '1E-2',
  '9007199254740993',
  '1e400',
  '0.10',
  '-12.50e+05',
);
const string = fc.constantFrom(
  '""',
  '"x"',
  '"\\/"',
  '"\\u00e9"',
  '"\\ud800"',
  '"é日😀"',
  '"<&>"',
  '"\\"tool_calls\\""',
);
const literal = fc.constantFrom('true', 'false', 'null');
const { value } = fc.letrec<{ value: string; list: string; object: string }>((tie) => ({
  value: fc.oneof({ maxDepth: 4 }, number, string, literal, tie('list'), tie('object')),
  list: fc
    .array(fc.tuple(space, tie('value'), space), { maxLength: 4 })
    .map((parts) => `[${parts.map((part) => part.join('')).join(',')}]`),
  object: membersOf(() => tie('value')),
}));
const object = membersOf(() => value);

function membersOf(member: () => fc.Arbitrary<string>): fc.Arbitrary<string> {
  return fc
    .array(fc.tuple(space, key, space, space, member(), space), { maxLength: 5 })
    .map(
      (all) => `{${all.map(([a, name, b, c, text, d]) => `${a}"${name}"${b}:${c}${text}${d}`).join(',')}}`,
    );
}

const messages = '"messages":[{"role":"user","content":"hi"}]';
const identity = { id: 'chatcmpl-1', includeUsage: false, nowSeconds: 7, freshId: () => 'abcdefgh' };
const wholeHead = { status: 200, contentType: 'application/json; charset=utf-8' };

function translated(body: string): string {
  const text = translateChatRequest(Buffer.from(body)).body.toString();
  JSON.parse(text);
  return text;
}

it('keeps a schema byte for byte', () => {
  fc.assert(
    fc.property(value, space, (schema, before) => {
      const format = `{"type":"json_schema","json_schema":{"name":"s","schema":${before}${schema}}}`;
      expect(translated(`{"model":"m",${messages},"response_format":${format}}`)).toContain(
        `"format":${schema},`,
      );
    }),
  );
});

it('keeps tools byte for byte', () => {
  fc.assert(
    fc.property(object, value, (properties, defs) => {
      const parameters = `{"type":"object", "$defs":${defs},"properties":${properties}, "required":[]}`;
      const tools = `[ {"type":"function","function":{"name":"f","strict":1.0,"parameters":${parameters}}} ]`;
      expect(translated(`{"model":"m",${messages},"tools": ${tools}}`)).toContain(`"tools":${tools},`);
    }),
  );
});

it('keeps the text of replayed tool arguments', () => {
  fc.assert(
    fc.property(object, space, (text, around) => {
      const call = `{"id":"1","function":{"name":"f","arguments":${JSON.stringify(around + text + around)}}}`;
      const replayed = `[{"role":"assistant","content":null,"tool_calls":[${call}]}]`;
      expect(translated(`{"model":"m","messages":${replayed}}`)).toContain(
        `"arguments":${text.toWellFormed()}}`,
      );
    }),
  );
});

it('keeps the text of message contents and of embedding inputs', () => {
  fc.assert(
    fc.property(string, value, (content, input) => {
      const body = translated(`{"model":"m","messages":[{"role":"user","content":${content}}]}`);
      expect(body).toContain(`"content":${content}}`);
      fc.pre(!['""', 'null', '[]'].includes(input.replaceAll(/\s/g, '')));
      const embed = translateEmbedding(Buffer.from(`{"model":"m","input":${input}}`));
      expect(embed.body.toString()).toBe(`{"model":"m","input":${input}}`);
    }),
  );
});

function withSchema(schema: Buffer): Buffer {
  const head = `{"model":"é",${messages},"response_format":{"type":"json_schema","json_schema":{"schema":`;
  return Buffer.concat([Buffer.from(head), schema, Buffer.from('}}}')]);
}

it('keeps every byte of a request, also of invalid UTF-8', () => {
  const broken = Buffer.from('{"a":"xx"}');
  broken[6] = 0xff;
  broken[7] = 0xe2;
  const { body, model } = translateChatRequest(withSchema(broken));
  expect(model).toBe('é');
  expect(body.includes(Buffer.concat([Buffer.from('"format":'), broken]))).toBe(true);
});

it.each([true, false])(
  'keeps the arguments of an answer byte for byte, as a string (stream: %s)',
  (stream) => {
    fc.assert(
      fc.property(object, (text) => {
        const line = text.replaceAll(/[\r\n]/g, ' ');
        const call = `{"id":"1","function":{"index":0,"name":"f","arguments":${line}}}`;
        const answer = `{"message":{"role":"assistant","content":"","tool_calls":[${call}]},"done":true,"done_reason":"stop"}`;
        const dialect = chatAnswer({ ...identity, stream });
        const sent = stream ? dialect.lines([answer]) : dialect.whole(wholeHead, answer).body;
        const [frame = ''] = sent.replace(/^data: /, '').split('\n\n');
        const [choice] = (JSON.parse(frame) as { choices: Choice[] }).choices;
        expect((choice?.delta ?? choice?.message)?.tool_calls[0]?.function.arguments).toBe(line);
      }),
    );
  },
);

interface Choice {
  readonly delta?: { readonly tool_calls: readonly { readonly function: { readonly arguments: string } }[] };
  readonly message?: Choice['delta'];
}

it('keeps the digits of log probabilities, of embeddings and of debug output', () => {
  fc.assert(
    fc.property(number, value, (digits, debug) => {
      const logprobs = `[{"token":"x","logprob":${digits}}]`;
      const line = `{"message":{"content":"x"},"logprobs":${logprobs},"done":false}`;
      const dialect = chatAnswer({ ...identity, stream: true });
      expect(dialect.lines([line])).toContain(`"logprobs":{"content":${logprobs}}`);
      const whole = `{"message":{"content":"x"},"done":true,"_debug_info":${debug}}`;
      const answer = chatAnswer({ ...identity, stream: false }).whole(wholeHead, whole);
      expect(answer.body).toContain(`"_debug_info":${debug}}`);
      const vectors = embeddingAnswer('m', 'float').whole(wholeHead, `{"embeddings":[[ ${digits}],[1.0]]}`);
      expect(vectors.body).toContain(`"embedding":[ ${digits}],"index":0`);
    }),
  );
});
