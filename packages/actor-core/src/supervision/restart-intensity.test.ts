import { describe, expect, it } from 'vitest';
import { restartDelayMs } from './backoff.ts';
import { countRestart, noRestarts } from './restart-intensity.ts';

describe('restart intensity', () => {
  it('allows exactly the intensity within the period', () => {
    const first = countRestart(noRestarts, 0, 2, 1_000);
    const second = countRestart(first.history, 10, 2, 1_000);
    const third = countRestart(second.history, 20, 2, 1_000);
    expect([first.exceeded, second.exceeded, third.exceeded]).toEqual([false, false, true]);
  });

  it('forgets restarts older than the period', () => {
    const { history } = countRestart(noRestarts, 0, 1, 1_000);
    expect(countRestart(history, 1_000, 1, 1_000).exceeded).toBe(true);
    expect(countRestart(history, 1_001, 1, 1_000)).toEqual({ history: [1_001], exceeded: false });
  });

  it('allows none at intensity 0', () => {
    expect(countRestart(noRestarts, 0, 0, 1_000).exceeded).toBe(true);
  });
});

describe('backoff', () => {
  it('doubles up to its bound', () => {
    expect([0, 1, 2, 3, 9, 5_000].map((attempt) => restartDelayMs(attempt, 100, 1_000, 0))).toEqual([
      100, 200, 400, 800, 1_000, 1_000,
    ]);
  });

  it('is shortened by up to half by the jitter', () => {
    expect(restartDelayMs(0, 100, 1_000, 0.999_999)).toBeCloseTo(50, 3);
  });

  it('stays 0 without a backoff, however many restarts came before', () => {
    expect(restartDelayMs(5_000, 0, 0, 0.3)).toBe(0);
  });
});
