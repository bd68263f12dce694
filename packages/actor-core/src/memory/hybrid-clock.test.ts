import { expect, it } from 'vitest';
import { compareStamps, HybridClock, type Stamp, zeroStamp } from './hybrid-clock.ts';

it('gives growing stamps, also when the wall clock steps back', () => {
  let wallMs = 1_000;
  const clock = new HybridClock('a', () => wallMs);
  const stamps = [clock.next(), clock.next()];
  wallMs = 400;
  stamps.push(clock.next());
  wallMs = 2_000;
  stamps.push(clock.next());
  expect(stamps).toEqual(stamps.toSorted(compareStamps));
  expect(stamps.map((stamp) => stamp.wallMs)).toEqual([1_000, 1_000, 1_000, 2_000]);
});

it('is after every stamp that it has observed', () => {
  const clock = new HybridClock('a', () => 1_000);
  const other = { wallMs: 1_500, counter: 7, node: 'b' };
  expect(clock.observe(other)).toBe(true);
  expect(compareStamps(clock.next(), other)).toBeGreaterThan(0);
});

it('does not follow a clock from the future', () => {
  const clock = new HybridClock('a', () => 1_000);
  expect(clock.observe({ wallMs: 10 ** 12, counter: 0, node: 'b' })).toBe(false);
  expect(clock.next().wallMs).toBe(1_000);
});

function at(node: string): Stamp {
  return { wallMs: 1, counter: 1, node };
}

it('orders equal instants by node', () => {
  expect(compareStamps(at('a'), at('b'))).toBeLessThan(0);
  expect(compareStamps(at('b'), at('a'))).toBeGreaterThan(0);
  expect(compareStamps(zeroStamp, at('a'))).toBeLessThan(0);
});
