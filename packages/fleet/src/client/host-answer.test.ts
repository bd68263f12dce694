import { describe, expect, it } from 'vitest';
import { pickPassedHeaders } from '../protocol/passed-headers.ts';
import { refusalSubject } from '../health/refusal-subject.ts';
import { hostRetryAfterMs, isHeldBack, HeldAnswer } from './host-answer.ts';

describe('an answer without success', () => {
  it.each([
    [400, '', 'request'],
    [413, '', 'request'],
    [422, '', 'request'],
    [501, '', 'request'],
    [500, 'image input is not supported - hint: start with --mmproj', 'request'],
    [500, '{"type":"exceed_context_size_error"}', 'request'],
    [500, 'prediction aborted, token repeat limit reached', 'request'],
    [404, "model 'x' not found", 'model'],
    [500, 'model requires more system memory (5.6 GiB) than is available (3.1 GiB)', 'model'],
    [500, 'llama runner process has terminated: exit status 2', 'model'],
    [401, '', 'instance'],
    [403, '', 'instance'],
    [429, '', 'instance'],
    [502, '', 'instance'],
    [503, 'server busy, please try again.  maximum pending requests exceeded', 'instance'],
  ] as const)('with status %i and text "%s" concerns the %s', (status, text, subject) => {
    expect(refusalSubject(status, text)).toBe(subject);
  });

  it.each([
    [400, 'instance'],
    [409, 'instance'],
    [413, 'way'],
    [431, 'way'],
    [404, 'model'],
    [405, 'model'],
    [503, 'instance'],
  ] as const)('with status %i that is not of Ollama itself concerns the %s', (status, subject) => {
    expect(refusalSubject(status, '', true)).toBe(subject);
    expect(isHeldBack({ status, contentType: 'application/json', foreign: true }, ['{}'])).toBe(true);
  });

  it('is held back unless its status concerns the request', () => {
    const head = { contentType: 'application/json' };
    expect([400, 404, 429, 500, 503].map((status) => isHeldBack({ ...head, status }, ['{}']))).toEqual([
      false,
      true,
      true,
      true,
      true,
    ]);
    expect(isHeldBack({ ...head, status: 200 }, ['{"error":"out of memory"}'])).toBe(true);
    expect(isHeldBack({ ...head, status: 200 }, ['{"response":"1"}', '{"error":"x"}'])).toBe(false);
  });

  it('is held unchanged, with a text for display, up to a bound', () => {
    const kept = new HeldAnswer({ status: 500, contentType: 'application/json' });
    kept.add(['{"error":"out of memory"}']);
    expect(kept.finish()).toMatchObject({
      head: { status: 500 },
      lines: ['{"error":"out of memory"}'],
      subject: 'model',
      text: 'out of memory',
    });
    const long = new HeldAnswer({ status: 500, contentType: 'application/json' });
    for (let line = 0; line < 300; line += 1) long.add(['x'.repeat(1_024)]);
    const { lines } = long.finish();
    expect(lines).toHaveLength(1);
    expect(lines[0]).toContain('more than 262144 characters');
  });
});

describe('headers of a host', () => {
  it('are passed on only if they are meant for the client', () => {
    const headers = {
      'retry-after': '7',
      'content-length': '12',
      'set-cookie': ['a=b'],
      'www-authenticate': 'Basic realm="10.0.0.5"',
      server: 'nginx',
      warning: '299 - "deprecated model"',
      sunset: 'line\nbreak',
    };
    expect(pickPassedHeaders(headers)).toEqual({ 'retry-after': '7', warning: '299 - "deprecated model"' });
    expect(pickPassedHeaders({ server: 'nginx' })).toBeUndefined();
  });

  it('name the retry time in seconds or milliseconds; a date is left to the client', () => {
    expect(hostRetryAfterMs({ 'retry-after': '7' })).toBe(7_000);
    expect(hostRetryAfterMs({ 'retry-after': '7', 'retry-after-ms': '150' })).toBe(150);
    expect(hostRetryAfterMs({ 'retry-after': 'Wed, 21 Oct 2026 07:28:00 GMT' })).toBeUndefined();
    expect(hostRetryAfterMs(undefined)).toBeUndefined();
  });
});
