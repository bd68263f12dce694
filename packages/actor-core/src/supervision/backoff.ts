/**
 * Wait before restart number `attempt` (0 is the first): `backoffMs`, doubled at each attempt up to `backoffMaxMs`,
 * less up to half of it by `jitter` (uniform in [0, 1)). The jitter spreads siblings that failed together.
 */
export function restartDelayMs(
  attempt: number,
  backoffMs: number,
  backoffMaxMs: number,
  jitter: number,
): number {
  // 2 ** 1024 would be Infinity, and 0 * Infinity NaN.
  const full = Math.min(backoffMaxMs, backoffMs * 2 ** Math.min(attempt, 64));
  return full * (1 - jitter / 2);
}
