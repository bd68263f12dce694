import { expect, it } from 'vitest';
import { HotKeys } from './hot-keys.ts';

function lose(hot: HotKeys, key: string, times: number, fromMs: number, everyMs: number): void {
  for (let time = 0; time < times; time++) hot.lost(key, fromMs + time * everyMs);
}

it('finds a key hot after eight losses within a second, and no other key', () => {
  const hot = new HotKeys();
  lose(hot, 'a', 7, 0, 10);
  expect(hot.isHot('a', 70)).toBe(false);
  hot.lost('a', 80);
  expect(hot.isHot('a', 81)).toBe(true);
  expect(hot.isHot('b', 81)).toBe(false);
  expect(hot.count(81)).toBe(1);
});

it('does not find a key hot that loses now and then', () => {
  const hot = new HotKeys();
  lose(hot, 'a', 100, 0, 300);
  expect(hot.isHot('a', 30_001)).toBe(false);
});

it('lets a key cool down half a minute after its last losses', () => {
  const hot = new HotKeys();
  lose(hot, 'a', 8, 0, 1);
  expect(hot.isHot('a', 30_006)).toBe(true);
  expect(hot.isHot('a', 30_008)).toBe(false);
  expect(hot.count(30_008)).toBe(0);
});

it('remembers a bounded number of keys', () => {
  const hot = new HotKeys();
  lose(hot, 'first', 8, 0, 1);
  for (let key = 0; key < 1_024; key++) hot.lost(`k${key}`, 10);
  expect(hot.isHot('first', 20)).toBe(false);
});
