import { describe, expect, it } from 'vitest';
import { decideProgress, enterPhase, progressWakeAtMs, startProgress } from './job-progress.ts';

const limits = { bodyPartMs: 100, firstByteMs: 1_000, interTokenMs: 200, leakSuspectMs: 300 };
const start = startProgress('queued', 10_000, 0);

describe('decideProgress', () => {
  it('lets a queued job wait until its deadline', () => {
    expect(progressWakeAtMs(start, limits)).toBe(10_000);
    expect(decideProgress(start, limits, 9_999)).toEqual({ kind: 'nothing' });
    expect(decideProgress(start, limits, 10_000)).toMatchObject({ kind: 'fail', code: 'deadline' });
  });

  it('gives up on a body when a part stays away', () => {
    const receiving = startProgress('receiving', 10_000, 0);
    expect(decideProgress(receiving, limits, 100)).toMatchObject({ kind: 'body-lost' });
    expect(decideProgress(enterPhase(receiving, 'receiving', limits, 90), limits, 189)).toEqual({
      kind: 'nothing',
    });
  });

  it('suspects a lost slot before it calls the wait for the first byte stalled', () => {
    const waiting = enterPhase(start, 'waiting', limits, 50);
    expect(progressWakeAtMs(waiting, limits)).toBe(350);
    expect(decideProgress(waiting, limits, 350)).toEqual({ kind: 'suspect' });
    expect(decideProgress({ ...waiting, suspectAtMs: 5_000 }, limits, 1_050)).toMatchObject({
      code: 'upstream-stalled',
      message: expect.stringContaining('firstByteMs'),
    });
  });

  it('calls a stream stalled when no token came for interTokenMs, and never suspects it', () => {
    const streaming = enterPhase(enterPhase(start, 'waiting', limits, 0), 'streaming', limits, 100);
    expect(progressWakeAtMs(streaming, limits)).toBe(300);
    expect(decideProgress(streaming, limits, 299)).toEqual({ kind: 'nothing' });
    expect(decideProgress(streaming, limits, 300)).toMatchObject({ code: 'upstream-stalled' });
  });

  it('forgets a finished job at the deadline', () => {
    const lingering = enterPhase(start, 'lingering', limits, 100);
    expect(decideProgress(lingering, limits, 9_999)).toEqual({ kind: 'nothing' });
    expect(decideProgress(lingering, limits, 10_000)).toEqual({ kind: 'forget' });
  });
});
