import { systemClock } from '../clock/system-clock.ts';

/**
 * Resolves when `condition` holds, checking it every 5 ms. @throws Error naming `what` when it does not hold within
 * `timeoutMs`
 */
export async function waitUntil(what: string, condition: () => boolean, timeoutMs = 30_000): Promise<void> {
  const deadline = systemClock.now() + timeoutMs;
  while (!condition()) {
    if (systemClock.now() > deadline) throw new Error(`${what}: not true within ${timeoutMs} ms`);
    await new Promise<void>((resolve) => systemClock.setTimer(5, resolve));
  }
}
