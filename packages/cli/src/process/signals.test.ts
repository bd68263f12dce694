import { expect, it } from 'vitest';
import { decideSignal } from './signals.ts';

it('drains at the first signal', () => {
  expect(decideSignal(undefined, 1_000)).toBe('drain');
});

it('takes repeats within 150 ms for the same keystroke, and later ones for a second', () => {
  expect(decideSignal(1_000, 1_000)).toBe('same-keystroke');
  expect(decideSignal(1_000, 1_149)).toBe('same-keystroke');
  expect(decideSignal(1_000, 1_150)).toBe('stop-at-once');
});
