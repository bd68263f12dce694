import { it, expect } from 'vitest';
import { decideVictim, fits } from './victim.ts';

const runner = (path: string, keepAliveMs: number, references = 0) => ({ path, keepAliveMs, references });

it('chooses the idle runner that expires first, and one kept for ever only when it is alone', () => {
  const forever = runner('a', Number.POSITIVE_INFINITY);
  expect(decideVictim([forever, runner('b', 300), runner('c', 60)])?.path).toBe('c');
  expect(decideVictim([forever])?.path).toBe('a');
});

it('prefers idle runners, else chooses the first and waits for it', () => {
  expect(decideVictim([runner('a', 1, 1), runner('b', 300)])?.path).toBe('b');
  expect(decideVictim([runner('a', 300, 1), runner('b', 1, 2)])?.path).toBe('b');
});

it('keeps a fifth of the free memory free, unless no other model is loaded', () => {
  expect(fits(80, 100, 1)).toBe(true);
  expect(fits(81, 100, 1)).toBe(false);
  expect(fits(1000, 100, 0)).toBe(true);
});
