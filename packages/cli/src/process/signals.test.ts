import { expect, it } from 'vitest';
import { decideSignal, outlivesTerminal } from './signals.ts';

it('drains at the first signal', () => {
  expect(decideSignal(undefined, 1_000)).toBe('drain');
});

it('counts a signal within 150 ms as the same keystroke, and a later one as a second signal', () => {
  expect(decideSignal(1_000, 1_000)).toBe('same-keystroke');
  expect(decideSignal(1_000, 1_149)).toBe('same-keystroke');
  expect(decideSignal(1_000, 1_150)).toBe('stop-at-once');
});

it('survives a closing terminal only if stdin, stdout and stderr are redirected, as after nohup', () => {
  expect(outlivesTerminal(true, ['file', 'file', 'file'])).toBe(true);
  expect(outlivesTerminal(true, ['terminal', 'file', 'file'])).toBe(false);
  expect(outlivesTerminal(true, ['file', 'other', 'file'])).toBe(false);
  // Without a terminal the signal is intended: by a supervisor or a test.
  expect(outlivesTerminal(false, ['file', 'file', 'file'])).toBe(false);
});
