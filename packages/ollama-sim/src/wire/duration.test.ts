import { it, expect } from 'vitest';
import { keepAliveMs } from './duration.ts';

it.each([
  [undefined, null],
  [null, null],
  [1.5, 1500],
  [0, 0],
  [-1, Number.POSITIVE_INFINITY],
  ['5m', 300_000],
  ['1h30m', 5_400_000],
  ['0', 0],
  ['-1s', Number.POSITIVE_INFINITY],
  ['1.5s', 1500],
])('reads keep_alive %j as %j ms', (value, ms) => {
  expect(keepAliveMs(value)).toBe(ms);
});

it.each([
  ['soon', 'time: invalid duration "soon"'],
  ['300', 'time: missing unit in duration "300"'],
  ['3 d', 'time: unknown unit " d" in duration "3 d"'],
  [true, "Unsupported type: 'bool'"],
])('refuses keep_alive %j as Go does', (value, message) => {
  expect(() => keepAliveMs(value)).toThrow(message);
});
