import { setTimeout as sleep } from 'node:timers/promises';

/** Far beyond what a wait takes on an overloaded machine. A test whose subject is the time gives its own limit. */
const patienceMs = 30_000;

/**
 * Waits until `probe` returns a truthy value and returns that. A probe that throws is called again, every `everyMs`
 * (default 25).
 *
 * @throws Error naming `what` after `timeoutMs`
 */
export async function waitUntil<T>(
  what: string,
  probe: () => T | Promise<T>,
  { timeoutMs = patienceMs, everyMs = 25 }: { timeoutMs?: number; everyMs?: number } = {},
): Promise<NonNullable<T>> {
  const deadline = performance.now() + timeoutMs;
  let last: unknown;
  while (performance.now() < deadline) {
    try {
      const value = await probe();
      if (value) return value;
      last = undefined;
    } catch (error) {
      last = error;
    }
    await sleep(everyMs);
  }
  throw new Error(`not within ${timeoutMs} ms: ${what}`, { cause: last });
}
