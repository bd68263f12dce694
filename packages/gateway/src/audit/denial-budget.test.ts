import { expect, it } from 'vitest';
import { DenialBudget } from './denial-budget.ts';

it('records a hundred denials one by one, then one a second', () => {
  const budget = new DenialBudget(0);
  const taken = (nowMs: number) =>
    Array.from({ length: 300 }, () => budget.take(nowMs)).filter(Boolean).length;
  expect(taken(0)).toBe(100);
  expect(taken(999)).toBe(0);
  expect(taken(5_000)).toBe(5);
  expect(taken(1_000_000)).toBe(100);
});
