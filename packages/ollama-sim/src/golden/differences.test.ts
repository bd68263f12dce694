import { it, expect } from 'vitest';
import { differences } from './differences.ts';
import type { WireResponse } from './transcript.ts';
import { parseResponse } from './replay.ts';

const stream: WireResponse = {
  status_line: 'HTTP/1.1 200 OK',
  headers: [
    ['Content-Type', 'application/x-ndjson'],
    ['Transfer-Encoding', 'chunked'],
  ],
  end: 'last chunk',
  chunks: [
    { data: '{"response":"a","done":false}\n' },
    { data: '{"response":"b","done":false}\n' },
    { data: '{"response":"","done":true,"eval_count":2}\n' },
  ],
};
const refusal: WireResponse = {
  status_line: 'HTTP/1.1 404 Not Found',
  headers: [
    ['Content-Type', 'application/json; charset=utf-8'],
    ['Content-Length', '33'],
  ],
  end: 'content-length',
  body: '{"error":"model \'x\' not found"}',
};

it('ignores texts, counts and the number of tokens', () => {
  const longer = {
    ...stream,
    chunks: [{ data: '{"response":"c","done":false}\n' }, ...(stream.chunks ?? [])],
  };
  expect(differences(stream, longer)).toEqual([]);
});

it.each<[string, WireResponse, WireResponse]>([
  ['status', refusal, { ...refusal, status_line: 'HTTP/1.1 400 Bad Request' }],
  ['an error text', refusal, { ...refusal, body: '{"error":"model \'x\' is away"}' }],
  ['a header', refusal, { ...refusal, headers: [...refusal.headers, ['Server', 'x']] }],
  ['a content type', refusal, { ...refusal, headers: [['Content-Type', 'application/json']] }],
  ['a missing last chunk', stream, { ...stream, end: 'cut' }],
  ['a missing last object', stream, { ...stream, chunks: (stream.chunks ?? []).slice(0, 2) }],
  [
    'two lines in one chunk',
    stream,
    { ...stream, chunks: [{ data: (stream.chunks ?? []).map(({ data }) => data).join('') }] },
  ],
  [
    'a key',
    stream,
    {
      ...stream,
      chunks: [{ data: '{"response":"a","done":false,"more":1}\n' }, ...(stream.chunks ?? []).slice(1)],
    },
  ],
  [
    'a refusal framed as a stream',
    refusal,
    { ...refusal, end: 'last chunk', chunks: [{ data: refusal.body ?? '' }] },
  ],
])('reports %s', (_what, recorded, answered) => {
  expect(differences(recorded, answered)).not.toEqual([]);
});

it('reads the chunks of a response and reports a cut one', () => {
  const head = 'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n';
  expect(parseResponse(Buffer.from(`${head}2\r\nab\r\n0\r\n\r\n`), false)).toMatchObject({
    end: 'last chunk',
    chunks: [{ data: 'ab' }],
  });
  expect(parseResponse(Buffer.from(`${head}2\r\nab\r\n`), false)).toMatchObject({ end: 'cut' });
});

it('compares content without chunk boundaries, order of keys and added headers', () => {
  const oneChunk = {
    ...stream,
    headers: [...stream.headers, ['X-Served-By', 'a'] as const],
    chunks: [{ data: '{"done":false,"response":"a"}\n{"eval_count":2,"response":"","done":true}\n' }],
  };
  expect(differences(stream, oneChunk)).not.toEqual([]);
  const options = { comparison: 'content', addedHeaders: /^x-served-by$/ } as const;
  expect(differences(stream, oneChunk, options)).toEqual([]);
});

it('reports a stream that ends within a line, whatever its chunks', () => {
  const cut = { ...stream, chunks: [...(stream.chunks ?? []), { data: '{"response":' }] };
  for (const comparison of ['wire', 'content'] as const)
    expect(differences(stream, cut, { comparison })).not.toEqual([]);
});
