import { expect, it } from 'vitest';
import { CommitPace } from './commit-pace.ts';

function paceOf(plainMs: number, batchMs: number): CommitPace {
  const pace = new CommitPace();
  pace.notePlain(plainMs);
  pace.noteBatch(batchMs);
  return pace;
}

it('commits few writes one after the other where a batch takes long, and many together', () => {
  const pace = paceOf(0.1, 8);
  expect([2, 159, 161].map((waiting) => pace.prefersBatch(waiting))).toEqual([false, false, true]);
});

it('commits all that wait together where a batch takes no longer than a write', () => {
  expect(paceOf(1.4, 2.3).prefersBatch(4)).toBe(true);
});

it('measures both ways before it decides', () => {
  const pace = new CommitPace();
  expect(pace.prefersBatch(2)).toBe(true);
  pace.noteBatch(8);
  expect(pace.prefersBatch(2)).toBe(true);
});

it('is not misled by a commit that waited for a restart of the server', () => {
  const pace = paceOf(0.1, 8);
  pace.notePlain(5_000);
  expect(pace.prefersBatch(10)).toBe(false);
});

it('tries a batch again after many commits without one', () => {
  const pace = paceOf(0.1, 8);
  let commits = 0;
  while (!pace.prefersBatch(64)) commits += 1;
  expect(commits).toBeGreaterThan(800);
  expect(commits).toBeLessThan(1_000);
});
