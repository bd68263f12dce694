import { expect, it } from 'vitest';
import { type AttemptFacts, decideRetry } from './retry.ts';

const facts = (changes: Partial<AttemptFacts>): AttemptFacts => ({
  attempts: 1,
  maxAttempts: 4,
  isRepeatable: true,
  leftMs: 30_000,
  random: 1,
  ...changes,
});

it('sends again after 429, whatever the request is, and not before retry-after', () => {
  expect(decideRetry(facts({ status: 429, isRepeatable: false, retryAfterMs: 2_000 }))).toBe(2_000);
});

it('sends again after 503 and a lost connection only what may arrive twice', () => {
  expect(decideRetry(facts({ status: 503 }))).toBe(100);
  expect(decideRetry(facts({ attempts: 3 }))).toBe(400);
  expect(decideRetry(facts({ status: 503, isRepeatable: false }))).toBeUndefined();
  expect(decideRetry(facts({ isRepeatable: false }))).toBeUndefined();
});

it('does not send again after other errors, the last attempt, or where the gateway advises against it', () => {
  expect(decideRetry(facts({ status: 404 }))).toBeUndefined();
  expect(decideRetry(facts({ status: 504 }))).toBeUndefined();
  expect(decideRetry(facts({ status: 429, attempts: 4 }))).toBeUndefined();
  expect(decideRetry(facts({ status: 429, shouldRetry: false }))).toBeUndefined();
});

it('does not wait for what the deadline would end', () => {
  expect(decideRetry(facts({ status: 429, retryAfterMs: 31_000 }))).toBeUndefined();
});
