import type { Random } from '../random.ts';

/**
 * Delay before a message is delivered again that its taker gave back without stating one:
 * `min(backoffMaxMs, backoffMs * 2^(attempt - 1))`, of which a random half is taken off, so that messages that failed
 * together do not come back together.
 */
export function redeliveryDelayMs(
  attempt: number,
  { backoffMs, backoffMaxMs }: { readonly backoffMs: number; readonly backoffMaxMs: number },
  random: Random,
): number {
  const delayMs = Math.min(backoffMaxMs, backoffMs * 2 ** Math.min(attempt - 1, 40));
  return Math.round(delayMs * (1 - random.next() / 2));
}
