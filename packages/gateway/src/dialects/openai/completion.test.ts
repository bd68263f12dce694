import { it, expect } from 'vitest';
import { completionAnswer } from './completion-answer.ts';
import { translateCompletionRequest } from './completion-request.ts';
import { embeddingAnswer, translateEmbedding } from './embedding.ts';

const options = {
  id: 'cmpl-1',
  stream: true,
  includeUsage: true,
  nowSeconds: 7,
  freshId: () => 'abcdefgh',
};

it('translates a completion with Ollama’s defaults', () => {
  expect(
    JSON.parse(
      translateCompletionRequest(
        Buffer.from('{"model":"m","prompt":"p","max_tokens":3,"suffix":"s"}'),
      ).body.toString(),
    ),
  ).toEqual({
    model: 'm',
    prompt: 'p',
    suffix: 's',
    stream: false,
    options: { num_predict: 3, temperature: 1, frequency_penalty: 0, presence_penalty: 0, top_p: 1 },
  });
});

it('refuses a list of prompts with Go’s text', () => {
  expect(() => translateCompletionRequest(Buffer.from('{"prompt":["a"]}'))).toThrow(
    'json: cannot unmarshal array into Go struct field CompletionRequest.prompt of type string',
  );
});

it('writes zero usage in each chunk and the real usage at the end', () => {
  const body = completionAnswer(options).lines([
    '{"model":"m","response":"a","done":false}',
    '{"model":"m","response":"","done":true,"done_reason":"length","prompt_eval_count":2,"eval_count":3}',
  ]);
  const usages = body
    .split('\n\n')
    .filter((frame) => frame.startsWith('data: {'))
    .map((frame) => (JSON.parse(frame.slice(6)) as { usage: { total_tokens: number } }).usage.total_tokens);
  expect(usages).toEqual([0, 0, 5]);
  expect(body.endsWith('data: [DONE]\n\n')).toBe(true);
});

it('answers an empty prompt as a load, also if a stream was requested', () => {
  const reply = completionAnswer(options).whole(
    { status: 200, contentType: 'application/json; charset=utf-8' },
    '{"model":"m","response":"","done":true,"done_reason":"load"}',
  );
  expect(reply.contentType).toBe('text/event-stream');
  expect(reply.body).toContain('"finish_reason":"load"');
});

it('encodes embeddings as little-endian float32 in base64 on request', () => {
  const { encoding } = translateEmbedding(
    Buffer.from('{"model":"e","input":"x","encoding_format":"BASE64"}'),
  );
  const reply = embeddingAnswer('e', encoding).whole(
    { status: 200, contentType: 'application/json' },
    '{"embeddings":[[0.5,-1.25]],"prompt_eval_count":4}',
  );
  const { data, usage } = JSON.parse(reply.body) as { data: { embedding: string }[]; usage: object };
  const bytes = Buffer.from(data[0]?.embedding ?? '', 'base64');
  expect([bytes.readFloatLE(0), bytes.readFloatLE(4)]).toEqual([0.5, -1.25]);
  expect(usage).toEqual({ prompt_tokens: 4, total_tokens: 4 });
});

it.each([
  ['{"model":"e"}', 'invalid input'],
  ['{"model":"e","input":[]}', 'invalid input'],
  [
    '{"model":"e","input":"x","encoding_format":"int8"}',
    "Invalid value for 'encoding_format' = int8. Supported values: ['float', 'base64'].",
  ],
  [
    '{"model":5,"input":"x"}',
    'json: cannot unmarshal number into Go struct field EmbedRequest.model of type string',
  ],
])('refuses %s', (body, text) => {
  expect(() => translateEmbedding(Buffer.from(body))).toThrow(text);
});

it.each([
  [
    '{"embeddings":null}',
    '{"object":"","data":null,"model":"","usage":{"prompt_tokens":0,"total_tokens":0}}\n',
  ],
  [
    '{"embeddings":[]}',
    '{"object":"list","data":null,"model":"m","usage":{"prompt_tokens":0,"total_tokens":0}}\n',
  ],
])('distinguishes a nil list of the host from an empty one: %s', (body, expected) => {
  const head = { status: 200, contentType: 'application/json; charset=utf-8' };
  for (const encoding of ['float', 'base64'] as const)
    expect(embeddingAnswer('m', encoding).whole(head, body).body).toBe(expected);
});
