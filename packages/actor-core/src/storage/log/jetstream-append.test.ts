import { expect, it } from 'vitest';
import { appendOutcomeOf } from './jetstream-append.ts';

const refused = (code: number, err_code: number, description = '') =>
  appendOutcomeOf({ stream: 'S', seq: 0, error: { code, err_code, description } });

it('reads an acceptance', () => {
  expect(appendOutcomeOf({ stream: 'S', seq: 7 })).toEqual({
    kind: 'appended',
    sequence: 7,
    isDuplicate: false,
  });
  expect(appendOutcomeOf({ stream: 'S', seq: 7, duplicate: true })).toMatchObject({ isDuplicate: true });
});

it.each([
  ['another sequence', 400, 10_071, 'wrong last sequence: 12', { kind: 'wrong-sequence', actual: 12 }],
  ['a sequence that is not reported', 400, 10_071, 'wrong last sequence', { kind: 'wrong-sequence' }],
  ['a check in flight', 400, 10_164, 'wrong last sequence', { kind: 'check-in-flight' }],
  ['a batch with a known message id', 400, 10_201, '', { kind: 'duplicate' }],
  ['an own attempt in process', 409, 10_158, '', { kind: 'unanswered' }],
  ['a full store', 503, 10_077, '', { kind: 'refused', trouble: 'store-full', isTransient: false }],
  ['a part that could not be stored', 400, 10_176, '', { trouble: 'store-full', isTransient: true }],
  ['no leader', 503, 10_008, '', { kind: 'refused', trouble: 'store-unavailable', isTransient: true }],
  ['too many at once', 429, 10_167, '', { kind: 'refused', isTransient: true }],
])('reads %s', (_, code, errCode, description, expected) => {
  expect(refused(code, errCode, description)).toMatchObject(expected);
});

it('reads a record that is larger than its log allows', () => {
  expect(refused(400, 10_054)).toBe('too-large');
});
