import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { wireArray, wireStrings } from './wire-array.ts';

describe('an array from another node', () => {
  it('accepts elements that fit, as their schema transforms them', () => {
    expect(wireArray(z.object({ a: z.number() })).parse([{ a: 1, b: 2 }])).toEqual([{ a: 1 }]);
    expect(wireStrings.parse(['a', ''])).toEqual(['a', '']);
  });

  it('names the first element that does not fit and checks no later one', () => {
    let looks = 0;
    const element = z.custom<number>((value) => {
      looks += 1;
      return typeof value === 'number';
    });
    const parsed = wireArray(z.object({ a: element })).safeParse([{ a: 1 }, { a: null }, { a: null }]);
    expect(parsed.error?.issues).toHaveLength(1);
    expect(parsed.error?.issues[0]?.path).toEqual([1, 'a']);
    expect(looks).toBe(2);
  });

  it('gives one issue for a million bad elements, nested or not', () => {
    const bad = Array.from({ length: 1_000_000 }, () => null);
    const nested = wireArray(z.object({ inner: wireArray(z.object({})) }));
    expect(wireArray(z.object({})).safeParse(bad).error?.issues).toHaveLength(1);
    expect(nested.safeParse([{ inner: bad }]).error?.issues).toHaveLength(1);
    expect(wireStrings.safeParse(bad).error?.issues).toHaveLength(1);
  });

  it('refuses an array above its bound before it checks an element', () => {
    const parsed = wireArray(z.never(), 2).safeParse([1, 2, 3]);
    expect(parsed.error?.issues[0]?.message).toBe('has more than 2 elements');
  });

  it.each([null, {}, 'abc', { length: 3 }])('refuses %j', (value) => {
    expect(wireArray(z.unknown()).safeParse(value).success).toBe(false);
    expect(wireStrings.safeParse(value).success).toBe(false);
  });
});
