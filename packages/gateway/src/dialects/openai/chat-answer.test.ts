import { bodyOf, bodyShape, readOne } from '@drover/ollama-sim/testing';
import { it, expect } from 'vitest';
import { RequestFailure } from '../../errors.ts';
import { chatAnswer } from './chat-answer.ts';

const options = {
  id: 'chatcmpl-1',
  stream: true,
  includeUsage: false,
  nowSeconds: 7,
  freshId: () => 'abcdefgh',
};

function recordedBody(group: string, name: string): string {
  return bodyOf(readOne(group, name).response);
}

/** Lines or events of a body, whatever its chunks. */
function shapeOf(contentType: string, body: string): string {
  return bodyShape(contentType, [body], 'content');
}

/** Compares the translation of a recorded native answer with the recorded OpenAI answer to the same request. */
it.each([
  ['stream-default', 'stream', false],
  ['stream-default', 'stream-usage', true],
  ['tools-stream', 'tools-stream', true],
  ['think-unset-on-thinking', 'thinking-stream', false],
  ['logprobs-native', 'logprobs-stream', false],
])('translates the recorded stream chat/%s to the shapes of v1-chat/%s', (native, openAi, includeUsage) => {
  const lines = recordedBody('chat', native).split('\n').slice(0, -1);
  const body = chatAnswer({ ...options, includeUsage }).lines(lines);
  const recorded = recordedBody('v1-chat', openAi);
  expect(shapeOf('text/event-stream', body)).toBe(shapeOf('text/event-stream', recorded));
});

it.each([
  ['nonstream', 'nonstream'],
  ['tools-nonstream', 'tools-nonstream'],
  ['think-true-on-thinking-nonstream', 'thinking-nonstream'],
  ['format-json', 'json-object'],
])('translates the recorded answer chat/%s to that of v1-chat/%s', (native, openAi) => {
  const head = { status: 200, contentType: 'application/json; charset=utf-8' };
  const reply = chatAnswer({ ...options, stream: false }).whole(head, recordedBody('chat', native));
  expect(shapeOf(reply.contentType, reply.body)).toBe(
    shapeOf('application/json', recordedBody('v1-chat', openAi)),
  );
});

it('gives every chunk the same id and time, and only the first one the role', () => {
  const dialect = chatAnswer(options);
  const chunks = frames(
    dialect.lines([
      '{"model":"m","created_at":"2026-01-01T00:00:05Z","message":{"content":"a"},"done":false}',
    ]) +
      dialect.lines([
        '{"model":"m","created_at":"2026-01-01T00:00:09Z","message":{"content":"b"},"done":false}',
      ]),
  );
  expect(chunks.map(({ id, created }) => [id, created])).toEqual([
    ['chatcmpl-1', 1_767_225_605],
    ['chatcmpl-1', 1_767_225_605],
  ]);
  expect(chunks.map(({ choices }) => choices[0]?.delta)).toEqual([
    { role: 'assistant', content: 'a' },
    { content: 'b' },
  ]);
});

it('sends thinking and text of one object in separate deltas', () => {
  const chunks = frames(
    chatAnswer(options).lines(['{"message":{"content":"b","thinking":"a"},"done":false}']),
  );
  expect(chunks.map(({ choices }) => choices[0]?.delta)).toEqual([
    { role: 'assistant', reasoning: 'a' },
    { content: 'b' },
  ]);
});

it('sends an error inside the stream, without a finish chunk or [DONE]', () => {
  const body = chatAnswer(options).lines(['{"error":"unexpected EOF"}']);
  expect(body).toBe(
    'data: {"error":{"message":"unexpected EOF","type":"api_error","param":null,"code":null}}\n\n',
  );
});

it('ends a failed stream with the code of the failure', () => {
  const frame = chatAnswer(options).brokenStream(new RequestFailure(503, 'host-lost', 'gone'));
  expect(frame).toBe(
    'data: {"error":{"message":"gone","type":"api_error","param":null,"code":"host-lost"}}\n\n',
  );
});

interface Frame {
  readonly id: string;
  readonly created: number;
  readonly choices: readonly { readonly delta: object }[];
}

function frames(body: string): readonly Frame[] {
  return body
    .split('\n\n')
    .slice(0, -1)
    .map((frame) => JSON.parse(frame.replace('data: ', '')) as Frame);
}
