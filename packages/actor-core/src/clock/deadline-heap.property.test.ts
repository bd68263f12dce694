import { array, assert, boolean, integer, property, record } from 'fast-check';
import { expect, it } from 'vitest';
import { DeadlineHeap } from './deadline-heap.ts';
import type { Expiring } from './expiring.ts';
import { ManualClock } from '../testing/manual-clock.ts';

const items = array(record({ timeoutMs: integer({ min: 0, max: 1_000 }), isRemoved: boolean() }), {
  maxLength: 300,
});

it('expires each item at its deadline, in order, and none that was removed', () => {
  assert(
    property(items, (wanted) => {
      const clock = new ManualClock();
      const heap = new DeadlineHeap(clock);
      const expired: number[] = [];
      const added = wanted.map(({ timeoutMs }) => {
        const item: Expiring = {
          deadline: 0,
          previous: undefined,
          next: undefined,
          list: undefined,
          expire: () => void expired.push(clock.now()),
        };
        heap.add(item, timeoutMs);
        return item;
      });
      for (const [index, { isRemoved }] of wanted.entries())
        if (isRemoved) heap.remove(added[index] as Expiring);
      const left = wanted.filter(({ isRemoved }) => !isRemoved).map(({ timeoutMs }) => timeoutMs);
      expect(heap.size).toBe(left.length);
      clock.advance(1_000);
      expect(expired).toEqual(left.toSorted((a, b) => a - b));
      expect(heap.size).toBe(0);
      expect(clock.pending).toBe(0);
    }),
  );
});
