import { describe, expect, it } from 'vitest';
import {
  decideProgress,
  enterPhase,
  lookLater,
  type ProgressLimits,
  progressWakeAtMs,
  startProgress,
  stepBack,
} from './job-progress.ts';

const limits: ProgressLimits = {
  bodyPartMs: 100,
  silenceLookMs: 300,
  firstByteTimeoutMs: 1_000,
  interTokenTimeoutMs: 400,
};
const unlimited: ProgressLimits = {
  ...limits,
  firstByteTimeoutMs: Number.POSITIVE_INFINITY,
  interTokenTimeoutMs: Number.POSITIVE_INFINITY,
};
const start = startProgress('queued', 10_000, 0);

describe('decideProgress', () => {
  it('lets a queued job wait until its deadline', () => {
    expect(progressWakeAtMs(start, limits)).toBe(10_000);
    expect(decideProgress(start, limits, 9_999)).toEqual({ kind: 'nothing' });
    expect(decideProgress(start, limits, 10_000)).toMatchObject({ kind: 'fail', code: 'deadline' });
  });

  it('gives up a body if a part does not arrive', () => {
    const receiving = startProgress('receiving', 10_000, 0);
    expect(decideProgress(receiving, limits, 100)).toMatchObject({ kind: 'body-lost' });
    expect(decideProgress(enterPhase(receiving, 'receiving', limits, 90), limits, 189)).toEqual({
      kind: 'nothing',
    });
  });

  it.each(['waiting', 'streaming'] as const)(
    'has the silence of a job that is %s judged repeatedly',
    (phase) => {
      const silent = enterPhase(start, phase, unlimited, 50);
      expect(progressWakeAtMs(silent, unlimited)).toBe(350);
      expect(decideProgress(silent, unlimited, 349)).toEqual({ kind: 'nothing' });
      expect(decideProgress(silent, unlimited, 350)).toEqual({ kind: 'look' });
      const looked = lookLater(silent, unlimited, 350);
      expect(progressWakeAtMs(looked, unlimited)).toBe(650);
      expect(decideProgress(looked, unlimited, 9_999)).toEqual({ kind: 'look' });
    },
  );

  it('fails at the first-byte timeout of the request', () => {
    const waiting = enterPhase(start, 'waiting', limits, 50);
    expect(decideProgress(waiting, limits, 1_049)).toEqual({ kind: 'look' });
    expect(decideProgress(waiting, limits, 1_050)).toMatchObject({
      code: 'upstream-stalled',
      message: expect.stringContaining('first-byte timeout'),
    });
  });

  it('fails at the inter-token timeout of the request, counted from the last byte', () => {
    const streaming = enterPhase(enterPhase(start, 'waiting', limits, 0), 'streaming', limits, 100);
    expect(decideProgress(streaming, limits, 499)).toEqual({ kind: 'look' });
    expect(decideProgress(streaming, limits, 500)).toMatchObject({
      code: 'upstream-stalled',
      message: expect.stringContaining('inter-token timeout'),
    });
  });

  it('judges no silence of a job that has withdrawn', () => {
    const back = stepBack(enterPhase(start, 'waiting', limits, 0));
    expect(progressWakeAtMs(back, limits)).toBe(10_000);
    expect(decideProgress(back, limits, 9_999)).toEqual({ kind: 'nothing' });
  });

  it('forgets a finished job at the deadline', () => {
    const lingering = enterPhase(start, 'lingering', limits, 100);
    expect(decideProgress(lingering, limits, 9_999)).toEqual({ kind: 'nothing' });
    expect(decideProgress(lingering, limits, 10_000)).toEqual({ kind: 'forget' });
  });
});
