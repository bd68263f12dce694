import { describe, expect, it } from 'vitest';
import { median, rounded, spread } from './statistics.ts';

describe('statistics', () => {
  it('is the middle value of an odd count and the mean of the two middle values of an even one', () => {
    expect(median([3, 1, 2])).toBe(2);
    expect(median([4, 1, 3, 2])).toBe(2.5);
  });

  it('reports the range beside the median', () => {
    expect(spread([5, 1, 9])).toEqual({ median: 5, min: 1, max: 9, rounds: 3 });
  });

  it('rounds to the given number of digits', () => {
    expect(rounded(1.23456, 2)).toBe(1.23);
  });
});
