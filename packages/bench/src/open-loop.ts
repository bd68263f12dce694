import { setTimeout as sleep } from 'node:timers/promises';

/**
 * Calls `start(index, intendedAtMs)` at a fixed rate, without waiting for answers, and resolves with all results.
 * Starts are evenly spaced. A late start keeps its planned instant, so that its delay counts (no coordinated
 * omission).
 */
export async function runOpenLoop<T>(
  ratePerSecond: number,
  durationMs: number,
  start: (index: number, intendedAtMs: number) => Promise<T>,
): Promise<T[]> {
  const begin = performance.now() + 20;
  const total = Math.round((ratePerSecond * durationMs) / 1000);
  const running: Promise<T>[] = [];
  for (let index = 0; index < total; index += 1) {
    const intendedAtMs = begin + (index * 1000) / ratePerSecond;
    const waitMs = intendedAtMs - performance.now();
    if (waitMs > 0.5) await sleep(waitMs);
    running.push(start(index, intendedAtMs));
  }
  return Promise.all(running);
}
