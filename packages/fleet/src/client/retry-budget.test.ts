import { expect, it } from 'vitest';
import { RetryBudget } from './retry-budget.ts';

const limits = { retryPercent: 20, retryFloorPerSecond: 10, retryBurst: 100 };

function taken(budget: RetryBudget, nowMs: number, wanted = 10_000): number {
  let count = 0;
  while (count < wanted && budget.take(nowMs)) count += 1;
  return count;
}

it('lets a burst through, then a fifth of the requests and ten a second', () => {
  const budget = new RetryBudget(limits, 0);
  expect(taken(budget, 0)).toBe(100);
  for (let request = 0; request < 50; request += 1) budget.earn();
  expect(taken(budget, 0)).toBe(10);
  expect(taken(budget, 1_000)).toBe(10);
});

it('holds no more than a burst', () => {
  const budget = new RetryBudget(limits, 0);
  for (let request = 0; request < 10_000; request += 1) budget.earn();
  expect(taken(budget, 3_600_000)).toBe(100);
});
