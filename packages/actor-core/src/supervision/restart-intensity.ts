import type { RestartHistory } from '../actor/child.ts';

export const noRestarts: RestartHistory = [];

export interface RestartCount {
  readonly history: RestartHistory;
  /** True when the restart would exceed `intensity` within `periodMs`, so that it must not happen. */
  readonly exceeded: boolean;
}

/**
 * Counts one more restart at `nowMs`. As in OTP, more than `intensity` restarts in the last `periodMs` are too many, so
 * that intensity 0 allows none (https://www.erlang.org/doc/system/sup_princ.html).
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
