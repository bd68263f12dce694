import { expect, it } from 'vitest';
import { runHistory } from './run-history.ts';

// The short form of `npm run proof -- history`.
it('finds the history of clients of three servers under faults right, and a spoilt one wrong', {
  timeout: 180_000,
}, async () => {
  const report = await runHistory({ durationMs: 25_000, onProgress: () => undefined });
  expect(report.violations).toEqual([]);
  expect(report.spoilt.filter(({ isFound }) => !isFound)).toEqual([]);
  expect(Object.keys(report.faults)).toContain('kill');
  expect(report.operationsPerSecond).toBeGreaterThanOrEqual(100);
});
