import { expect, it } from 'vitest';
import { estimateWaits } from './wait-estimate.ts';

it('adds the times of running and waiting requests, not their number', () => {
  expect(estimateWaits({ slots: 1, restsMs: [300], costsMs: [10_000, 100] })).toEqual({
    waitsMs: [300, 10_300],
    newcomerMs: 10_400,
  });
});

it('gives the next request to the slot that is free first', () => {
  expect(estimateWaits({ slots: 2, restsMs: [30_000, 500], costsMs: [1_000, 1_000] })).toEqual({
    waitsMs: [500, 1_500],
    newcomerMs: 2_500,
  });
});

it('is zero while a slot is free', () => {
  expect(estimateWaits({ slots: 2, restsMs: [9_000], costsMs: [] }).newcomerMs).toBe(0);
});
