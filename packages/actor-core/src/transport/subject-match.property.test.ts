import { array, assert, boolean, constant, constantFrom, oneof, property, tuple } from 'fast-check';
import { expect, it } from 'vitest';
import { subjectMatches } from './subject-match.ts';

/** The rule of NATS, token by token. */
function matchesByTokens(pattern: string, subject: string): boolean {
  const wanted = pattern.split('.');
  const tokens = subject.split('.');
  for (let i = 0; i < wanted.length; i++) {
    if (wanted[i] === '>') return tokens.length > i;
    if (i >= tokens.length) return false;
    if (wanted[i] !== '*' && wanted[i] !== tokens[i]) return false;
  }
  return tokens.length === wanted.length;
}

const token = constantFrom('a', 'b', 'ab', 'abc', 'x_1');
const subject = array(token, { minLength: 1, maxLength: 5 }).map((tokens) => tokens.join('.'));
const pattern = tuple(array(oneof(token, constant('*')), { maxLength: 5 }), boolean()).map(
  ([tokens, isOpen]) => (isOpen || tokens.length === 0 ? [...tokens, '>'] : tokens).join('.'),
);

it('matches as NATS does', () => {
  assert(
    property(pattern, subject, (one, other) => {
      expect(subjectMatches(one, other), `${one} ${other}`).toBe(matchesByTokens(one, other));
    }),
    { numRuns: 5_000 },
  );
});

it.each([
  ['a.*', 'a.bc', true],
  ['a.*', 'a', false],
  ['a.>', 'a', false],
  ['a.>', 'a.b.c', true],
  ['a.b', 'a.bc', false],
  ['a.bc', 'a.b', false],
  ['*.b', 'ab.b', true],
  ['>', 'a', true],
])('matches %s with %s: %s', (one, other, matches) => {
  expect(subjectMatches(one, other)).toBe(matches);
});
