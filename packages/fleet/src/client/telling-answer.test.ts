import { describe, expect, it } from 'vitest';
import type { AttemptFailure } from './decide-attempt.ts';
import { KeptAnswer } from './host-answer.ts';
import { tellingAnswer } from './telling-answer.ts';

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
  const kept = new KeptAnswer({ status, contentType: 'application/json', headers });
  kept.add([JSON.stringify({ error: text })]);
  return failed({ code: 'bad-upstream', message: text, answer: kept.finish() });
}

const told = (...failures: AttemptFailure[]): string | undefined => tellingAnswer(failures)?.message;
const full = failed({ code: 'queue-full', refusal: 'queue-full' });
const missing = failed({ code: 'model-not-found', refusal: 'model-missing' });
const lost = failed({});

describe('the answer a client gets when every host refused', () => {
  it('is the busy one that wants to be asked again first', () => {
    expect(told(answered(503, 'a', '9'), answered(429, 'b', '2'), answered(500, 'c'))).toBe('b');
    expect(told(answered(503, 'a'), answered(503, 'b', '30'))).toBe('b');
    expect(told(answered(503, 'a'), answered(503, 'b'))).toBe('a');
  });

  it('is our full queue where there is one, since that host could have served the request', () => {
    expect(told(answered(500, 'oom'), full)).toBeUndefined();
    expect(told(full, answered(503, 'busy'))).toBe('busy');
  });

  it('is an error with a reason before a lost or a missing one', () => {
    expect(told(answered(500, 'oom'), lost)).toBe('oom');
    expect(told(answered(404, 'not here'), answered(500, 'oom'), answered(404, 'nor here'))).toBe('oom');
  });

  it('is 404 only if every host said so', () => {
    expect(told(answered(404, 'a'), answered(404, 'b'))).toBe('b');
    expect(told(answered(404, 'a'), missing)).toBe('a');
    expect(told(answered(404, 'a'), lost)).toBeUndefined();
    expect(told(lost)).toBeUndefined();
  });
});
