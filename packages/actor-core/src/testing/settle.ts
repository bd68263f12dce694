/**
 * Resolves when everything that is ready has run: turns, deliveries, promise chains of a moderate length. No clock
 * advances.
 */
export async function settle(rounds = 12): Promise<void> {
  for (let i = 0; i < rounds; i++) {
    await new Promise<void>((resolve) => {
      // oxlint-disable-next-line no-restricted-globals -- the adapter itself
      setImmediate(resolve);
    });
  }
}

/** Resolves when no promise is left to settle. Cheaper than `settle`: the event loop does not turn. */
export function drainMicrotasks(): Promise<void> {
  // A tick that is scheduled by a microtask runs after the last microtask.
  return new Promise((resolve) => {
    process.nextTick(resolve);
  });
}

/** Advances a manual clock in small steps and lets everything run at each step, as real time would. */
export async function advance(clock: { advance(ms: number): void }, ms: number, stepMs = 50): Promise<void> {
  await settle(4);
  for (let left = ms; left > 0; left -= stepMs) {
    clock.advance(Math.min(stepMs, left));
    await settle(4);
  }
}
