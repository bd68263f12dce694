import { expect, it } from 'vitest';
import { decideRestart, defaultRestartPolicy, type RestartHistory } from './restart-intensity.ts';

function failAt(...instantsMs: number[]): string[] {
  let history: RestartHistory = [];
  return instantsMs.map((nowMs) => {
    const decision = decideRestart(history, nowMs, defaultRestartPolicy);
    if (decision.action === 'give-up') return 'give up';
    history = decision.history;
    return `after ${decision.delayMs} ms`;
  });
}

it('waits longer each time and gives up at the sixth failure within a minute', () => {
  expect(failAt(0, 1_000, 2_000, 3_000, 4_000, 5_000)).toEqual([
    'after 50 ms',
    'after 100 ms',
    'after 200 ms',
    'after 400 ms',
    'after 800 ms',
    'give up',
  ]);
});

it('forgets restarts older than a minute', () => {
  expect(failAt(0, 10_000, 20_000, 30_000, 40_000, 61_000)).toEqual([
    'after 50 ms',
    'after 100 ms',
    'after 200 ms',
    'after 400 ms',
    'after 800 ms',
    'after 800 ms',
  ]);
});
