import { it, expect } from 'vitest';
import { differences } from './compare.ts';
import type { WireResponse } from './transcript.ts';
import { parseResponse } from './wire-client.ts';

const STREAM: WireResponse = {
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
const REFUSAL: WireResponse = {
  status_line: 'HTTP/1.1 404 Not Found',
  headers: [
    ['Content-Type', 'application/json; charset=utf-8'],
    ['Content-Length', '33'],
  ],
  end: 'content-length',
  body: '{"error":"model \'x\' not found"}',
};

it('takes texts, counts and the number of tokens for equal', () => {
  const longer = {
    ...STREAM,
    chunks: [{ data: '{"response":"c","done":false}\n' }, ...(STREAM.chunks ?? [])],
  };
  expect(differences(STREAM, longer)).toEqual([]);
});

it.each<[string, WireResponse, WireResponse]>([
  ['status', REFUSAL, { ...REFUSAL, status_line: 'HTTP/1.1 400 Bad Request' }],
  ['an error text', REFUSAL, { ...REFUSAL, body: '{"error":"model \'x\' is away"}' }],
  ['a header', REFUSAL, { ...REFUSAL, headers: [...REFUSAL.headers, ['Server', 'x']] }],
  ['a content type', REFUSAL, { ...REFUSAL, headers: [['Content-Type', 'application/json']] }],
  ['a missing last chunk', STREAM, { ...STREAM, end: 'cut' }],
  ['a missing last object', STREAM, { ...STREAM, chunks: (STREAM.chunks ?? []).slice(0, 2) }],
  [
    'two lines in one chunk',
    STREAM,
    { ...STREAM, chunks: [{ data: (STREAM.chunks ?? []).map(({ data }) => data).join('') }] },
  ],
  [
    'a key',
    STREAM,
    {
      ...STREAM,
      chunks: [{ data: '{"response":"a","done":false,"more":1}\n' }, ...(STREAM.chunks ?? []).slice(1)],
    },
  ],
  [
    'a refusal framed as a stream',
    REFUSAL,
    { ...REFUSAL, end: 'last chunk', chunks: [{ data: REFUSAL.body ?? '' }] },
  ],
])('sees %s', (_what, recorded, simulated) => {
  expect(differences(recorded, simulated)).not.toEqual([]);
});

it('takes a chunked response apart and notices a cut one', () => {
  const head = 'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n';
  expect(parseResponse(Buffer.from(`${head}2\r\nab\r\n0\r\n\r\n`), false)).toMatchObject({
    end: 'last chunk',
    chunks: [{ data: 'ab' }],
  });
  expect(parseResponse(Buffer.from(`${head}2\r\nab\r\n`), false)).toMatchObject({ end: 'cut' });
});
