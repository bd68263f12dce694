import { describe, expect, it } from 'vitest';
import { defaults } from '../config.ts';
import {
  decideInstanceHealth,
  type HealthEvent,
  type HealthState,
  healthShare,
  isForgettable,
  wellHealth,
} from './instance-health.ts';

const failure = { kind: 'failure', reason: 'busy', retryAfterMs: 0, jitter: 0 } as const;
/** Sent before any ejection. */
const success: HealthEvent = { kind: 'success', openedAtMs: -1 };

/** Plays events at times and returns the state after them. */
function play(...steps: readonly (readonly [atMs: number, ...events: HealthEvent[]])[]): HealthState {
  let state = wellHealth;
  for (const [atMs, ...events] of steps)
    for (const event of events) state = decideInstanceHealth(state, event, atMs, defaults);
  return state;
}

const share = (state: HealthState, atMs: number): number => healthShare(state, atMs, defaults);
const ejected = play([0, failure, failure, failure]);

describe('the health of an instance', () => {
  it('stays well after two failures in a row, and is ejected by the third', () => {
    expect(share(play([0, failure, failure]), 0)).toBe(1);
    expect(share(play([0, failure, failure, success, failure, failure]), 0)).toBe(1);
    expect(ejected).toMatchObject({ phase: 'ejected', reason: 'busy', untilMs: 5_000 });
    expect(share(ejected, 4_999)).toBe(0);
  });

  it('is ejected when half of ten outcomes are failures, although none follows another', () => {
    const half = Array.from({ length: 4 }, () => [success, failure]).flat();
    expect(play([0, ...half]).phase).toBe('well');
    expect(play([0, ...half, success, failure]).phase).toBe('ejected');
  });

  it('forgets old outcomes, so that many old successes do not hide new failures', () => {
    const good = Array.from({ length: 500 }, () => success);
    const bad = Array.from({ length: 30 }, () => [failure, failure, success]).flat();
    expect(play([0, failure, ...good, ...bad]).phase).toBe('ejected');
  });

  it('is ejected at once for the retry time that the host names, up to a bound', () => {
    expect(play([0, { ...failure, retryAfterMs: 17_000 }])).toMatchObject({
      phase: 'ejected',
      untilMs: 17_000,
    });
    expect(play([0, { ...failure, retryAfterMs: 3_600_000 }])).toMatchObject({ untilMs: 60_000 });
  });

  it('gets one trial when its time is up, and no second one before the first is over', () => {
    expect(share(ejected, 5_000)).toBe(1);
    const trying = decideInstanceHealth(ejected, { kind: 'opened' }, 5_000, defaults);
    expect(share(trying, 5_001)).toBe(0);
    expect(share(decideInstanceHealth(trying, { kind: 'undecided' }, 5_002, defaults), 5_002)).toBe(1);
    expect(share(trying, 35_000)).toBe(1);
  });

  it('stays away twice as long each time its trial fails, up to a bound', () => {
    let state = ejected;
    const lengths: number[] = [];
    for (let round = 0; round < 6; round += 1) {
      const atMs = state.untilMs;
      state = decideInstanceHealth(state, failure, atMs, defaults);
      lengths.push(state.untilMs - atMs);
    }
    expect(lengths).toEqual([10_000, 20_000, 40_000, 60_000, 60_000, 60_000]);
  });

  it('does not count answers to requests sent before its ejection as a trial', () => {
    for (const late of [success, failure])
      expect(decideInstanceHealth(ejected, late, 4_000, defaults)).toEqual(ejected);
  });

  it('recovers at once when it serves a request that was sent after its ejection', () => {
    const served: HealthEvent = { kind: 'success', openedAtMs: 1 };
    expect(decideInstanceHealth(ejected, served, 10, defaults)).toMatchObject({
      phase: 'recovering',
      sinceMs: 10,
    });
    expect(decideInstanceHealth(ejected, { ...served, openedAtMs: 0 }, 10, defaults)).toEqual(ejected);
  });

  it('gets a growing share after a good trial, and is well at the end', () => {
    const back = decideInstanceHealth(ejected, success, 6_000, defaults);
    expect([6_000, 8_000, 11_000, 16_000, 30_000].map((atMs) => share(back, atMs))).toEqual([
      0.1, 0.2, 0.5, 1, 1,
    ]);
    expect(decideInstanceHealth(back, success, 10_000, defaults).phase).toBe('recovering');
    const well = decideInstanceHealth(back, success, 16_000, defaults);
    expect(well.phase).toBe('well');
    expect(isForgettable(well, 16_001, defaults)).toBe(false);
    expect(isForgettable(well, 77_000, defaults)).toBe(true);
  });

  it('is ejected again by one failure while it recovers, and for longer if it was ejected lately', () => {
    const back = decideInstanceHealth(ejected, success, 6_000, defaults);
    expect(decideInstanceHealth(back, failure, 7_000, defaults)).toMatchObject({
      phase: 'ejected',
      untilMs: 17_000,
    });
    const well = decideInstanceHealth(back, success, 16_000, defaults);
    const later = [20_000, 100_000].map((atMs) => {
      const state = [failure, failure, failure].reduce(
        (before, event) => decideInstanceHealth(before, event, atMs, defaults),
        well,
      );
      return state.untilMs - atMs;
    });
    expect(later).toEqual([10_000, 5_000]);
  });

  it('uses the report of the host itself while it has no own observation', () => {
    const reported: HealthEvent = { kind: 'reported', reason: 'refuses', jitter: 0 };
    expect(play([0, reported])).toMatchObject({ phase: 'ejected', untilMs: 5_000, reason: 'refuses' });
    expect(play([0, reported], [6_000, reported]).untilMs).toBe(5_000);
    expect(play([0, reported], [6_000, success, reported]).phase).toBe('recovering');
  });
});
