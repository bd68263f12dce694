import { describe, expect, it } from 'vitest';
import type { AttemptFailure } from './attempt-failure.ts';
import { HeldAnswer } from './host-answer.ts';
import { chooseErrorAnswer } from './error-answer.ts';

function failed(more: Partial<AttemptFailure>): AttemptFailure {
  return {
    node: 'n',
    instance: 'i',
    simulated: false,
    code: 'host-lost',
    refusal: undefined,
    message: 'gone',
    retryAfterMs: 0,
    ...more,
  };
}

function answered(status: number, text: string, retryAfter?: string): AttemptFailure {
  const headers = retryAfter === undefined ? undefined : { 'retry-after': retryAfter };
  const held = new HeldAnswer({ status, contentType: 'application/json', headers });
  held.add([JSON.stringify({ error: text })]);
  return failed({ code: 'bad-upstream', message: text, answer: held.finish() });
}

const chosen = (...failures: AttemptFailure[]): string | undefined => chooseErrorAnswer(failures)?.message;
const full = failed({ code: 'queue-full', refusal: 'queue-full' });
const missing = failed({ code: 'model-not-found', refusal: 'model-missing' });
const lost = failed({});

describe('the answer a client gets when every host refused', () => {
  it('is the 429 or 503 with the earliest retry time', () => {
    expect(chosen(answered(503, 'a', '9'), answered(429, 'b', '2'), answered(500, 'c'))).toBe('b');
    expect(chosen(answered(503, 'a'), answered(503, 'b', '30'))).toBe('b');
    expect(chosen(answered(503, 'a'), answered(503, 'b'))).toBe('a');
  });

  it('is the error of a full queue before a 500, since that instance could have served the request', () => {
    expect(chosen(answered(500, 'oom'), full)).toBeUndefined();
    expect(chosen(full, answered(503, 'busy'))).toBe('busy');
  });

  it('is an error of a host before a lost connection and before a 404', () => {
    expect(chosen(answered(500, 'oom'), lost)).toBe('oom');
    expect(chosen(answered(404, 'not here'), answered(500, 'oom'), answered(404, 'nor here'))).toBe('oom');
  });

  it('is 404 only if every host answered 404 or lacks the model', () => {
    expect(chosen(answered(404, 'a'), answered(404, 'b'))).toBe('b');
    expect(chosen(answered(404, 'a'), missing)).toBe('a');
    expect(chosen(answered(404, 'a'), lost)).toBeUndefined();
    expect(chosen(lost)).toBeUndefined();
  });
});
