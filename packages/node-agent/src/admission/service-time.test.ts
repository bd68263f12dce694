import { expect, it } from 'vitest';
import { observeServiceMs, retryAfterMs } from './service-time.ts';

it('follows the observed times slowly', () => {
  expect(observeServiceMs(undefined, 1_000)).toBe(1_000);
  expect(observeServiceMs(1_000, 2_000)).toBe(1_200);
});

it('asks to come back when about half of the queue has gone, within bounds', () => {
  expect(retryAfterMs(2_000, 10, 1)).toBe(10_000);
  expect(retryAfterMs(2_000, 10, 4)).toBe(2_500);
  expect(retryAfterMs(10, 2, 1)).toBe(500);
  expect(retryAfterMs(600_000, 64, 1)).toBe(60_000);
  expect(retryAfterMs(undefined, 64, 1)).toBe(1_000);
});
