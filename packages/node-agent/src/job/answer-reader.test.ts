import { describe, expect, it } from 'vitest';
import { UpstreamError } from '../errors.ts';
import { AnswerReader } from './answer-reader.ts';

const ndjson = 'application/x-ndjson';
const json = 'application/json; charset=utf-8';

function setup(maxLineBytes = 1_000) {
  let news = 0;
  const reader = new AnswerReader(maxLineBytes, () => {
    news += 1;
  });
  const head = (contentType: string, status = 200) => reader.onHead({ status, contentType, headers: {} });
  const data = (text: string) => reader.onData(Buffer.from(text));
  const lost = new UpstreamError('lost', 'http://x', 'reset');
  return { reader, head, data, lost, news: () => news };
}

describe('AnswerReader', () => {
  it('returns the head with the first line, not earlier', () => {
    const { reader, head, data } = setup();
    head(ndjson);
    expect(reader.take()).toMatchObject({ head: undefined, lines: [], finish: undefined });
    data('{"a":1}\n');
    expect(reader.take()).toMatchObject({ head: { status: 200, contentType: ndjson }, lines: ['{"a":1}'] });
  });

  it('collects the lines until they are taken, and calls once for them', () => {
    const { reader, head, data, news } = setup();
    head(ndjson);
    data('{"a":1}\n{"a"');
    data(':2}\n');
    expect(news()).toBe(1);
    expect(reader.take().lines).toEqual(['{"a":1}', '{"a":2}']);
    data('{"done":true}\n');
    reader.onEnd();
    expect(news()).toBe(2);
    expect(reader.take()).toMatchObject({ lines: ['{"done":true}'], finish: { kind: 'end' } });
  });

  it('is bad-upstream, and not upstream-lost, if a stream ends in order without done', () => {
    const { reader, head, data } = setup();
    head(ndjson);
    data('{"a":1}\n');
    reader.onEnd();
    const finish = {
      kind: 'fail',
      code: 'bad-upstream',
      message: expect.stringContaining('without done'),
      nonsense: false,
    };
    expect(reader.take()).toMatchObject({ lines: ['{"a":1}'], finish });
  });

  it('is bad-upstream if it ends in order in the middle of a line', () => {
    const { reader, head, data } = setup();
    head(ndjson);
    data('{"a":1}\n{"a":');
    reader.onEnd();
    expect(reader.take()).toMatchObject({
      lines: ['{"a":1}'],
      finish: { code: 'bad-upstream', nonsense: false },
    });
  });

  it('accepts a last line without a newline', () => {
    const { reader, head, data } = setup();
    head(ndjson);
    data('{"done":true}');
    reader.onEnd();
    expect(reader.take()).toMatchObject({ lines: ['{"done":true}'], finish: { kind: 'end' } });
  });

  it('passes an error line of Ollama on and ends', () => {
    const { reader, head, data } = setup();
    head(ndjson);
    data('{"a":1}\n{"error":"unexpected EOF"}\n');
    reader.onEnd();
    expect(reader.take()).toMatchObject({
      lines: ['{"a":1}', '{"error":"unexpected EOF"}'],
      finish: { kind: 'end' },
    });
  });

  it('counts a connection that breaks after the last line as complete, before it as lost', () => {
    const late = setup();
    late.head(ndjson);
    late.data('{"done":true}\n');
    late.reader.onError(late.lost);
    expect(late.reader.take().finish).toEqual({ kind: 'end' });
    const early = setup();
    early.head(ndjson);
    early.data('{"a":1}\n');
    early.reader.onError(early.lost);
    expect(early.reader.take().finish).toMatchObject({ code: 'upstream-lost', nonsense: false });
  });

  it('makes one line of a JSON answer, errors with their status included', () => {
    const { reader, head, data } = setup();
    head(json, 404);
    data('{"error":\n');
    expect(reader.take()).toMatchObject({ head: undefined, lines: [] });
    data('"model \'x\' not found"}\n');
    reader.onEnd();
    const step = reader.take();
    expect(step).toMatchObject({ head: { status: 404, contentType: json }, finish: { kind: 'end' } });
    expect(step.lines).toEqual(['{"error":\n"model \'x\' not found"}']);
  });

  it.each([
    ['an HTML page', 'text/html', 200, '<html>'],
    ['a redirect', json, 307, '{}'],
    ['a refused Host', '', 403, ''],
    ['JSON that is none', json, 200, '{"a":'],
    ['an NDJSON line that is none', ndjson, 200, '{"a":1}\nnot json\n'],
    ['JSON that is no object', json, 200, '[1]'],
  ])('calls %s bad-upstream', (_what, contentType, status, body) => {
    const { reader, head, data } = setup();
    head(contentType, status);
    data(body);
    reader.onEnd();
    expect(reader.take().finish).toMatchObject({ kind: 'fail', code: 'bad-upstream', nonsense: true });
  });

  it.each([
    [
      'a page of a proxy',
      'text/html',
      502,
      '<html>10.0.0.5:11434 is away</html>',
      '502 Bad Gateway (text/html',
    ],
    ['plain text', 'text/plain', 404, '404 page not found', '404 Not Found (text/plain'],
    ['nothing', '', 503, '', '503 Service Unavailable (no content type'],
    ['JSON that is none', json, 500, 'upstream http://10.0.0.5 failed', '500 Internal Server Error'],
    ['an empty body', json, 429, '', '429 Too Many Requests'],
  ])(
    'makes an error in the shape of Ollama out of %s, with its status and no address',
    (_what, type, status, body, text) => {
      const { reader, head, data } = setup();
      head(type, status);
      data(body);
      reader.onEnd();
      const step = reader.take();
      expect(step).toMatchObject({
        head: { status, contentType: json, foreign: true },
        finish: { kind: 'end' },
      });
      expect(step.lines).toHaveLength(1);
      expect(JSON.parse(step.lines[0] ?? '')).toEqual({ error: expect.stringContaining(text) });
      expect(step.lines[0]).not.toContain('10.0.0.5');
    },
  );

  it('limits a line and a complete answer', () => {
    for (const contentType of [ndjson, json]) {
      const { reader, head, data } = setup(10);
      head(contentType);
      data('{"a":"bcdefghij');
      expect(reader.take().finish).toMatchObject({ code: 'bad-upstream' });
    }
  });
});
