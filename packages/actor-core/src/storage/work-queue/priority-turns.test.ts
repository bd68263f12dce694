import { expect, it } from 'vitest';
import { PriorityTurns } from './priority-turns.ts';

it('gives a priority a turn that was passed over for 16 tasks and a second', () => {
  const turns = new PriorityTurns();
  for (let task = 0; task < 16; task++) turns.passed(2, 1, task * 10);
  expect(turns.due(500)).toBeUndefined();
  expect(turns.due(1_000)).toBe(2);
});

it('gives no turn for a second with fewer tasks', () => {
  const turns = new PriorityTurns();
  turns.passed(1, 15, 0);
  expect(turns.due(60_000)).toBeUndefined();
  turns.passed(1, 1, 60_000);
  expect(turns.due(60_000)).toBe(1);
});

it('begins to count again once the priority was asked', () => {
  const turns = new PriorityTurns();
  turns.passed(1, 16, 0);
  turns.asked(1);
  expect(turns.due(2_000)).toBeUndefined();
});
