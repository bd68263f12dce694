import { expect, it } from 'vitest';
import { pagesOf } from './pages.ts';

it('cuts a list by count and by bytes and keeps every item', () => {
  expect(pagesOf([], 2)).toEqual([[]]);
  expect(pagesOf([1, 2, 3], 2)).toEqual([[1, 2], [3]]);
  const large = Array.from({ length: 10 }, (_, i) => `${i}${'x'.repeat(20_000)}`);
  const pages = pagesOf(large, 200);
  expect(pages.flat()).toEqual(large);
  expect(pages.every((page) => JSON.stringify(page).length < 50_000)).toBe(true);
  expect(pagesOf(['y'.repeat(100_000)], 200)).toHaveLength(1);
});
