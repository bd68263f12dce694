/** Limit of restarts of one process, and the wait before each. */
export interface RestartPolicy {
  /** Restarts allowed within `periodMs`. */
  readonly intensity: number;
  readonly periodMs: number;
  /** Wait before the first restart; doubled for each further restart within the period. */
  readonly backoffMs: number;
  readonly backoffMaxMs: number;
}

export const defaultRestartPolicy: RestartPolicy = {
  intensity: 5,
  periodMs: 60_000,
  backoffMs: 50,
  backoffMaxMs: 5_000,
};

/** Instants of the restarts within the period, newest last. */
export type RestartHistory = readonly number[];

export type RestartDecision =
  | { readonly action: 'restart'; readonly delayMs: number; readonly history: RestartHistory }
  /** The process failed more than `intensity` times within the period, so its supervisor stops too. */
  | { readonly action: 'give-up'; readonly restarts: number };

export function decideRestart(
  history: RestartHistory,
  nowMs: number,
  policy: RestartPolicy,
): RestartDecision {
  const recent = history.filter((atMs) => nowMs - atMs < policy.periodMs);
  if (recent.length >= policy.intensity) return { action: 'give-up', restarts: recent.length };
  const delayMs = Math.min(policy.backoffMs * 2 ** recent.length, policy.backoffMaxMs);
  return { action: 'restart', delayMs, history: [...recent, nowMs] };
}
