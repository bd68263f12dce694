import * as fc from 'fast-check';
import { expect, it } from 'vitest';
import { messagesAnswer } from './anthropic/messages-answer.ts';
import { translateMessages } from './anthropic/messages-request.ts';
import { responsesAnswer } from './openai/responses-answer.ts';
import { translateResponses } from './openai/responses-request.ts';

/** Objects that a parser of JavaScript would change: keys like integers, repeated keys, numbers in all spellings. */
const key = fc.constantFrom('1', '10', '2', 'b', 'a', 'a', '__proto__', '');
const scalar = fc.constantFrom(
  '0',
  '-0',
  '1.0',
  '1e3',
  '9007199254740993',
  '"é"',
  '"\\u00e9"',
  'null',
  '[1, 2.50]',
);
const object = fc
  .array(fc.tuple(key, scalar), { maxLength: 5 })
  .map((members) => `{${members.map(([name, text]) => `"${name}" : ${text}`).join(', ')}}`);

const head = { status: 200, contentType: 'application/json; charset=utf-8' };

function answerWith(args: string): string {
  const call = `{"id":"c1","function":{"index":0,"name":"f","arguments":${args}}}`;
  return `{"model":"m","message":{"role":"assistant","content":"","tool_calls":[${call}]},"done":true,"done_reason":"stop"}`;
}

it('keeps schemas and arguments of a message request byte for byte', () => {
  fc.assert(
    fc.property(object, object, (schema, input) => {
      const body = `{"model":"m","max_tokens":1,"tools":[{"name":"f","input_schema":${schema}}],"messages":[{"role":"assistant","content":[{"type":"tool_use","id":"c1","name":"f","input":${input}}]}]}`;
      const sent = translateMessages(Buffer.from(body)).body.toString();
      expect(sent).toContain(`"parameters":${schema}}`);
      expect(sent).toContain(`"arguments":${input}}`);
    }),
  );
});

it('keeps schemas and arguments of a responses request byte for byte', () => {
  fc.assert(
    fc.property(object, object, (schema, input) => {
      const call = `{"type":"function_call","call_id":"c1","name":"f","arguments":${JSON.stringify(input)}}`;
      const body = `{"model":"m","text":{"format":{"type":"json_schema","schema":${schema}}},"tools":[{"type":"function","name":"f","parameters":${schema}}],"input":[${call}]}`;
      const sent = translateResponses(Buffer.from(body)).body.toString();
      expect(sent).toContain(`"format":${schema},`);
      expect(sent).toContain(`"parameters":${schema}}`);
      expect(sent).toContain(`"arguments":${input}}`);
    }),
  );
});

it('keeps the arguments of an answer byte for byte in both dialects, streamed and whole', () => {
  const identity = {
    freshId: (): string => 'x',
    forced: undefined,
    model: 'm',
    estimatedTokens: 1,
    requestId: 'r',
  };
  fc.assert(
    fc.property(object, (args) => {
      const quoted = JSON.stringify(args);
      const message = { ...identity, id: 'msg_1' };
      const streamed = messagesAnswer({ ...message, stream: true }).lines([answerWith(args)]);
      expect(streamed).toContain(`"partial_json":${quoted}`);
      expect(messagesAnswer({ ...message, stream: false }).whole(head, answerWith(args)).body).toContain(
        `"input":${args}}`,
      );
      const response = { ...identity, id: 'resp_1', request: { model: 'm' }, nowSeconds: (): number => 1 };
      const events = responsesAnswer({ ...response, stream: true }).lines([answerWith(args)]);
      expect(events).toContain(`"delta":${quoted}`);
      expect(responsesAnswer({ ...response, stream: false }).whole(head, answerWith(args)).body).toContain(
        `"arguments":${quoted}}`,
      );
    }),
  );
});
