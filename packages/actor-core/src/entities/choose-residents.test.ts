import { describe, expect, it } from 'vitest';
import { chooseMoves, choosePassive } from './choose-residents.ts';

const idle = (usedAtMs: number) => ({ usedAtMs, isBusy: false });
const busy = (usedAtMs: number) => ({ usedAtMs, isBusy: true });
const usedAt = (chosen: readonly { readonly usedAtMs: number }[]) => chosen.map(({ usedAtMs }) => usedAtMs);

describe('choosePassive', () => {
  it('chooses what is idle for long enough, and nothing that is busy', () => {
    const limits = { passivateAfterMs: 100, maxResident: 100 };
    expect(usedAt(choosePassive([idle(0), busy(0), idle(901), idle(900)], limits, 1_000))).toEqual([0, 900]);
  });

  it('never chooses by time where the time is 0', () => {
    expect(choosePassive([idle(0)], { passivateAfterMs: 0, maxResident: 100 }, 1e9)).toEqual([]);
  });

  it('chooses the least recently used ones above the limit', () => {
    const limits = { passivateAfterMs: 0, maxResident: 2 };
    expect(usedAt(choosePassive([idle(5), idle(3), busy(1), idle(4)], limits, 10))).toEqual([3, 4]);
  });

  it('counts what is chosen by time towards the limit', () => {
    const limits = { passivateAfterMs: 5, maxResident: 2 };
    expect(usedAt(choosePassive([idle(1), idle(9), idle(8)], limits, 10))).toEqual([1]);
  });
});

describe('chooseMoves', () => {
  it('moves a share of the residents, the longest unused first', () => {
    const misplaced = [idle(3), idle(1), idle(2)];
    expect(usedAt(chooseMoves(misplaced, { residents: 20, moving: 0 }, { share: 0.1, most: 50 }))).toEqual([
      1, 2,
    ]);
  });

  it('moves at least one, and none while too many move', () => {
    expect(chooseMoves([idle(1)], { residents: 1, moving: 0 }, { share: 0.1, most: 50 })).toHaveLength(1);
    expect(chooseMoves([idle(1)], { residents: 1, moving: 50 }, { share: 0.1, most: 50 })).toEqual([]);
  });
});
