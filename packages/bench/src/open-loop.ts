import { setTimeout as sleep } from 'node:timers/promises';

/**
 * Starts `start(index, intendedAtMs)` at a fixed rate whatever the answers do, and resolves with all results.
 * Arrivals are evenly spaced; a start that comes late keeps its intended instant (no coordinated omission).
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
