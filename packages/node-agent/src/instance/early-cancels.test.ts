import { expect, it } from 'vitest';
import { EarlyCancels } from './early-cancels.ts';

it('returns each cancel once, and keeps the newest 1,024', () => {
  const cancels = new EarlyCancels();
  for (let number = 0; number <= 1_024; number += 1) cancels.add(`s${number}`);
  expect([cancels.take('s0'), cancels.take('s1'), cancels.take('s1')]).toEqual([false, true, false]);
});
