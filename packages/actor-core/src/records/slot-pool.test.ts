import { expect, it } from 'vitest';
import { SlotPool } from './slot-pool.ts';

it('hands out free slots first, then the slot that was finished first', () => {
  const pool = new SlotPool(2);
  expect([pool.take(), pool.take(), pool.take()]).toEqual([{ slot: 0 }, { slot: 1 }, undefined]);
  pool.finish('b', 1);
  pool.finish('a', 0);
  expect([pool.take(), pool.take(), pool.take()]).toEqual([
    { slot: 1, evicted: 'b' },
    { slot: 0, evicted: 'a' },
    undefined,
  ]);
});

it('continues after a takeover with unused slots, new slots and finished owners, in this order', () => {
  const pool = new SlotPool(5);
  pool.load([3, 0], [['old', 3]]);
  const taken = Array.from({ length: 4 }, () => pool.take());
  expect(taken).toEqual([{ slot: 1 }, { slot: 2 }, { slot: 4 }, { slot: 3, evicted: 'old' }]);
});
