import { expect, it } from 'vitest';
import { EarlyCancels } from './early-cancels.ts';

it('remembers a cancel once, and the newest 1,024', () => {
  const cancels = new EarlyCancels();
  for (let number = 0; number <= 1_024; number += 1) cancels.add(`s${number}`);
  expect([cancels.take('s0'), cancels.take('s1'), cancels.take('s1')]).toEqual([false, true, false]);
});
