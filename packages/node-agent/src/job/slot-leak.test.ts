import { expect, it } from 'vitest';
import { decideLeak, type LeakEvidence } from './slot-leak.ts';

const lost: LeakEvidence = {
  waitedMs: 10_000,
  leakSuspectMs: 10_000,
  disconnectedBefore: true,
  listedAsLoaded: true,
  othersInside: 0,
  healedBefore: false,
};

it('unloads when a loaded, idle model is silent after a disconnect', () => {
  expect(decideLeak(lost)).toBe('unload');
});

it.each([
  ['it has not waited long enough', { waitedMs: 9_999 }],
  ['nothing was disconnected', { disconnectedBefore: false }],
  ['the model is still loading', { listedAsLoaded: false }],
  ['ps does not answer', { listedAsLoaded: undefined }],
  ['another request of ours is inside', { othersInside: 1 }],
  ['it was tried once already', { healedBefore: true }],
] satisfies [string, Partial<LeakEvidence>][])('waits when %s', (_why, change) => {
  expect(decideLeak({ ...lost, ...change })).toBe('wait');
});
