import { bodyOf, readOne } from '@drover/ollama-sim/testing';
import { expect, it } from 'vitest';
import { RequestFailure } from '../../errors.ts';
import { messagesAnswer } from './messages-answer.ts';

const options = {
  id: 'msg_1',
  model: 'claude-x',
  requestId: 'r1',
  estimatedTokens: 7,
  stream: true,
  freshId: () => 'abcdefgh',
  forced: undefined,
};

const usage = '"prompt_eval_count":5,"eval_count":3';
const last = `{"model":"m","message":{"role":"assistant","content":""},"done":true,"done_reason":"stop",${usage}}`;

/** Events as `name data`, without the type that repeats the name. */
function transcript(body: string): readonly string[] {
  return body
    .split('\n\n')
    .slice(0, -1)
    .map((text) => {
      const [, name = '', data = ''] = /^event: (.*)\ndata: (.*)$/s.exec(text) ?? [];
      const { type, ...fields } = JSON.parse(data) as { type: string };
      expect(type).toBe(name);
      return `${name} ${JSON.stringify(fields)}`;
    });
}

function streamed(...lines: string[]): readonly string[] {
  return transcript(messagesAnswer(options).lines(lines));
}

function said(message: object): string {
  return JSON.stringify({ model: 'm', message: { role: 'assistant', content: '', ...message }, done: false });
}

it('streams text', () => {
  expect(streamed(said({ content: 'a' }), said({ content: '<b>' }), last)).toEqual([
    'message_start {"message":{"id":"msg_1","type":"message","role":"assistant","model":"claude-x","content":[],"usage":{"input_tokens":7,"output_tokens":0}}}',
    'content_block_start {"index":0,"content_block":{"type":"text","text":""}}',
    'content_block_delta {"index":0,"delta":{"type":"text_delta","text":"a"}}',
    'content_block_delta {"index":0,"delta":{"type":"text_delta","text":"<b>"}}',
    'content_block_stop {"index":0}',
    'message_delta {"delta":{"stop_reason":"end_turn"},"usage":{"input_tokens":5,"output_tokens":3}}',
    'message_stop {}',
  ]);
});

it('streams thinking, text and calls in blocks of their own, with the arguments as the host wrote them', () => {
  const call =
    '{"message":{"content":"","tool_calls":[{"id":"c1","function":{"name":"f","arguments":{"2":1.0,"1":"x"}}}]},"done":false}';
  const events = streamed(
    said({ thinking: 'h' }),
    said({ thinking: 'm' }),
    said({ content: 'ok' }),
    call,
    last,
  );
  expect(events.slice(1, -2)).toEqual([
    'content_block_start {"index":0,"content_block":{"type":"thinking","thinking":""}}',
    'content_block_delta {"index":0,"delta":{"type":"thinking_delta","thinking":"h"}}',
    'content_block_delta {"index":0,"delta":{"type":"thinking_delta","thinking":"m"}}',
    'content_block_stop {"index":0}',
    'content_block_start {"index":1,"content_block":{"type":"text","text":""}}',
    'content_block_delta {"index":1,"delta":{"type":"text_delta","text":"ok"}}',
    'content_block_stop {"index":1}',
    'content_block_start {"index":2,"content_block":{"type":"tool_use","id":"c1","name":"f","input":{}}}',
    String.raw`content_block_delta {"index":2,"delta":{"type":"input_json_delta","partial_json":"{\"2\":1.0,\"1\":\"x\"}"}}`,
    'content_block_stop {"index":2}',
  ]);
  expect(events.at(-2)).toContain('"stop_reason":"tool_use"');
});

it.each([
  ['length', 'max_tokens'],
  ['stop', 'end_turn'],
  ['unload', 'stop_sequence'],
])('translates the end %s to %s', (reason, translated) => {
  expect(streamed(last.replace('"stop"', `"${reason}"`)).at(-2)).toContain(`"stop_reason":"${translated}"`);
});

it('gives a call without an id a new one', () => {
  expect(streamed(said({ tool_calls: [{ function: { name: 'f', arguments: {} } }] })).join()).toContain(
    'toolu_abcdefgh',
  );
});

it('sends an error inside the stream, and nothing after it', () => {
  expect(streamed('{"error":"unexpected EOF"}')).toEqual([
    'error {"error":{"type":"api_error","message":"unexpected EOF"}}',
  ]);
  const frame = messagesAnswer(options).brokenStream(new RequestFailure(503, 'host-lost', 'gone'));
  expect(transcript(frame)).toEqual(['error {"error":{"type":"overloaded_error","message":"gone"}}']);
});

it('answers whole requests with recorded answers of Ollama', () => {
  const head = { status: 200, contentType: 'application/json; charset=utf-8' };
  const whole = (name: string): { content: object[]; stop_reason: string } => {
    const reply = messagesAnswer({ ...options, stream: false }).whole(
      head,
      bodyOf(readOne('chat', name).response),
    );
    expect(reply.contentType).toBe('application/json');
    return JSON.parse(reply.body) as { content: object[]; stop_reason: string };
  };
  expect(whole('nonstream')).toMatchObject({
    id: 'msg_1',
    type: 'message',
    role: 'assistant',
    content: [{ type: 'text', text: expect.any(String) as unknown }],
    stop_reason: 'max_tokens',
  });
  expect(whole('tools-nonstream')).toMatchObject({
    content: [{ type: 'tool_use', name: 'get_weather', input: { city: 'Paris', days: 3 } }],
    stop_reason: 'tool_use',
  });
  expect(whole('think-true-on-thinking-nonstream').content[0]).toMatchObject({ type: 'thinking' });
});

it('translates a host’s error answer, with the request id', () => {
  const head = { status: 404, contentType: 'application/json; charset=utf-8' };
  expect(JSON.parse(messagesAnswer(options).whole(head, '{"error":"no"}').body)).toEqual({
    type: 'error',
    error: { type: 'not_found_error', message: 'no' },
    request_id: 'r1',
  });
});

const forced = { name: 'f', format: undefined as never, instruction: '' };

it('turns the text of a forced call into a call', () => {
  const answer = messagesAnswer({ ...options, forced });
  const events = transcript(answer.lines([said({ content: '{"a":' }), said({ content: '1.0}' }), last]));
  expect(events.slice(1, -2)).toEqual([
    'content_block_start {"index":0,"content_block":{"type":"tool_use","id":"toolu_abcdefgh","name":"f","input":{}}}',
    String.raw`content_block_delta {"index":0,"delta":{"type":"input_json_delta","partial_json":"{\"a\":1.0}"}}`,
    'content_block_stop {"index":0}',
  ]);
});

it('passes on a forced call that was cut off as text', () => {
  const answer = messagesAnswer({ ...options, forced });
  const body = answer.lines([said({ content: '{"a":' }), last.replace('"stop"', '"length"')]);
  expect(body).toContain(String.raw`"text_delta","text":"{\"a\":"`);
  expect(body).toContain('"stop_reason":"max_tokens"');
});

it('takes the name of a forced call from the answer if any tool may be called', () => {
  const answer = messagesAnswer({ ...options, stream: false, forced: { ...forced, name: undefined } });
  const content = JSON.stringify({ name: 'g', arguments: { x: 1 } });
  const body = JSON.stringify({ model: 'm', message: { content }, done: true, done_reason: 'stop' });
  expect(JSON.parse(answer.whole({ status: 200, contentType: '' }, body).body)).toMatchObject({
    content: [{ type: 'tool_use', name: 'g', input: { x: 1 } }],
    stop_reason: 'tool_use',
  });
});
