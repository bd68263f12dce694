/**
 * `closed`: calls pass, failures in a row are counted · `open`: calls are refused until `untilMs` · `half-open`: a few
 * probes pass, everything else is refused.
 */
export type BreakerState =
  | { readonly type: 'closed'; readonly failures: number }
  | { readonly type: 'open'; readonly untilMs: number; readonly trips: number }
  | {
      readonly type: 'half-open';
      readonly trips: number;
      /** Probes in flight. */
      readonly probing: number;
      readonly succeeded: number;
    };

export interface BreakerPolicy {
  readonly maxFailures: number;
  readonly resetMs: number;
  readonly resetMaxMs: number;
  readonly probes: number;
}

export const closed: BreakerState = { type: 'closed', failures: 0 };

/** Decides about a call: the state after letting it pass, or undefined to refuse it. */
export function letPass(state: BreakerState, policy: BreakerPolicy, nowMs: number): BreakerState | undefined {
  if (state.type === 'closed') return state;
  const probing: BreakerState =
    state.type === 'open' ? { type: 'half-open', trips: state.trips, probing: 0, succeeded: 0 } : state;
  if (state.type === 'open' && nowMs < state.untilMs) return undefined;
  if (probing.probing + probing.succeeded >= policy.probes) return undefined;
  return { ...probing, probing: probing.probing + 1 };
}

/**
 * State after the end of a call that passed in the state `passedIn`. The end of a probe of an earlier half-open period
 * changes nothing.
 */
export function settle(
  state: BreakerState,
  passedIn: BreakerState,
  isFailure: boolean,
  policy: BreakerPolicy,
  nowMs: number,
): BreakerState {
  if (state.type !== passedIn.type || state.type === 'open') return state;
  if (state.type === 'closed') {
    if (!isFailure) return state.failures === 0 ? state : closed;
    const failures = state.failures + 1;
    return failures < policy.maxFailures ? { type: 'closed', failures } : trip(1, policy, nowMs);
  }
  if (passedIn.type !== 'half-open' || passedIn.trips !== state.trips) return state;
  if (isFailure) return trip(state.trips + 1, policy, nowMs);
  const succeeded = state.succeeded + 1;
  return succeeded >= policy.probes ? closed : { ...state, probing: state.probing - 1, succeeded };
}

/** Each failed recovery doubles the wait, up to `resetMaxMs`. */
function trip(trips: number, policy: BreakerPolicy, nowMs: number): BreakerState {
  const waitMs = Math.min(policy.resetMaxMs, policy.resetMs * 2 ** Math.min(trips - 1, 30));
  return { type: 'open', untilMs: nowMs + waitMs, trips };
}
