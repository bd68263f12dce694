import type { RestartHistory } from '../actor/child.ts';

export const noRestarts: RestartHistory = [];

export interface RestartCount {
  readonly history: RestartHistory;
  /** The restart would be one more than `intensity` within `periodMs`: it must not happen. */
  readonly exceeded: boolean;
}

/**
 * Counts one more restart at `nowMs`. As OTP's supervisor: more than `intensity` restarts in the last `periodMs`
 * are too many, so intensity 0 allows none (https://www.erlang.org/doc/system/sup_princ.html).
 */
export function countRestart(
  history: RestartHistory,
  nowMs: number,
  intensity: number,
  periodMs: number,
): RestartCount {
  const recent = history.filter((atMs) => nowMs - atMs <= periodMs);
  if (recent.length >= intensity) return { history: recent, exceeded: true };
  return { history: [...recent, nowMs], exceeded: false };
}
