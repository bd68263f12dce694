import type { Clock, Timer } from '../clock.ts';

/** Longest delay that `setTimeout` accepts; it fires longer ones at once. */
const maxDelayMs = 2 ** 31 - 1;

/** The clock of the process. */
export const systemClock: Clock = {
  // oxlint-disable-next-line no-restricted-globals -- the adapter itself
  now: () => performance.now(),
  // oxlint-disable-next-line no-restricted-globals -- the adapter itself
  wallNow: () => Date.now(),
  setTimer(delayMs, callback): Timer {
    let handle: NodeJS.Timeout;
    const arm = (leftMs: number) => {
      const stepMs = Math.min(leftMs, maxDelayMs);
      // oxlint-disable-next-line no-restricted-globals -- the adapter itself
      handle = setTimeout(() => (leftMs > stepMs ? arm(leftMs - stepMs) : callback()), stepMs);
    };
    arm(Math.max(0, delayMs));
    return { cancel: () => clearTimeout(handle) };
  },
};
