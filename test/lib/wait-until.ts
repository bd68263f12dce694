import { setTimeout as sleep } from 'node:timers/promises';

/**
 * Waits until `probe` returns a truthy value and returns that. A probe that throws is called again.
 *
 * @throws Error naming `what` after `timeoutMs`
 */
export async function waitUntil<T>(
  what: string,
  probe: () => T | Promise<T>,
  options: { timeoutMs: number; everyMs?: number },
): Promise<NonNullable<T>> {
  const deadline = performance.now() + options.timeoutMs;
  let last: unknown;
  while (performance.now() < deadline) {
    try {
      const value = await probe();
      if (value) return value;
      last = undefined;
    } catch (error) {
      last = error;
    }
    await sleep(options.everyMs ?? 25);
  }
  throw new Error(`not within ${options.timeoutMs} ms: ${what}`, { cause: last });
}
