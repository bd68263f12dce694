/**
 * Whether an instance, or one model on it, should get requests: a circuit breaker with a slow start, as data.
 *
 *   well ──3 failures in a row, or half of 10 and more──▶ ejected ──time is up: one trial──▶ recovering ──▶ well
 *    ▲                                                       ▲  └─ the trial fails: twice as long ─┘   │
 *    └───────────────────────────────────────────────────────┴── a failure while it recovers ──────────┘
 *
 * Problem: a host that refuses at once looks idle, so a routing policy that prefers idle hosts sends all requests
 * there. An ejected host is asked last, not never: if every host is ejected, all of them are asked as before, and a
 * host that serves a request that was sent after its ejection recovers at once.
 */

/** Limits of the breaker; the fields of `FleetConfig`. */
export interface HealthLimits {
  readonly ejectAfterFailures: number;
  readonly ejectMs: number;
  readonly maxEjectMs: number;
  readonly slowStartMs: number;
}

export interface HealthState {
  /** `well` · `ejected`: asked last until `untilMs`, then for one trial · `recovering`: gets a growing share. */
  readonly phase: 'well' | 'ejected' | 'recovering';
  /** Start of this phase. */
  readonly sinceMs: number;
  /** End of an ejection. */
  readonly untilMs: number;
  /** Instant at which the running trial is given up; `-Infinity` without a trial. */
  readonly trialUntilMs: number;
  readonly failuresInRow: number;
  /** Counts of the last outcomes; both are halved when their sum exceeds `window`. */
  readonly failures: number;
  readonly successes: number;
  /** Ejections since the last healthy period longer than `maxEjectMs`. */
  readonly ejections: number;
  /** Text of the last failure. */
  readonly reason: string;
}

export type HealthEvent =
  /** The host delivered the first byte of an answer to a request that was sent at `openedAtMs`. */
  | { readonly kind: 'success'; readonly openedAtMs: number }
  /**
   * The host refused or failed. `retryAfterMs`: retry time that the host stated, 0 for none. `jitter`, 0 to 1, spreads
   * the trials of several gateways.
   */
  | {
      readonly kind: 'failure';
      readonly reason: string;
      readonly retryAfterMs: number;
      readonly jitter: number;
    }
  /** The host's node-agent reports refusals, known before this client has asked. */
  | { readonly kind: 'reported'; readonly reason: string; readonly jitter: number }
  /** A request was sent to the host. */
  | { readonly kind: 'opened' }
  /** A request ended without evidence about the host. */
  | { readonly kind: 'undecided' };

export const wellHealth: HealthState = Object.freeze({
  phase: 'well',
  sinceMs: Number.NEGATIVE_INFINITY,
  untilMs: Number.NEGATIVE_INFINITY,
  trialUntilMs: Number.NEGATIVE_INFINITY,
  failuresInRow: 0,
  failures: 0,
  successes: 0,
  ejections: 0,
  reason: '',
});

/** Smallest number of outcomes from which the share of failures is used. */
const leastOutcomes = 10;
/** Number of outcomes above which both counts are halved, so that old outcomes lose weight. */
const window = 40;
/** Time after which a trial without an outcome (a long load, a lost message) no longer blocks the next trial. */
const trialMs = 30_000;
/** First share of a recovering host. */
const leastShare = 0.1;

export function decideInstanceHealth(
  state: HealthState,
  event: HealthEvent,
  nowMs: number,
  limits: HealthLimits,
): HealthState {
  const isBeforeTrial = state.phase === 'ejected' && nowMs < state.untilMs;
  switch (event.kind) {
    case 'opened':
      return state.phase === 'ejected' && !isBeforeTrial
        ? { ...state, trialUntilMs: nowMs + trialMs }
        : state;
    case 'undecided':
      return { ...state, trialUntilMs: Number.NEGATIVE_INFINITY };
    case 'success':
      // An answer to a request that was sent before the ejection is not new evidence.
      return isBeforeTrial && event.openedAtMs <= state.sinceMs ? state : succeed(state, nowMs, limits);
    case 'failure':
      return isBeforeTrial ? state : fail(state, event, nowMs, limits);
    default:
      return state.phase === 'well' ? eject(state, { ...event, retryAfterMs: 0 }, nowMs, limits) : state;
  }
}

/** Share of requests that the host should get now, 0 to 1; 0 means that the host is asked last. */
export function healthShare(state: HealthState, nowMs: number, limits: HealthLimits): number {
  if (state.phase === 'well') return 1;
  if (state.phase === 'recovering')
    return Math.min(1, Math.max(leastShare, (nowMs - state.sinceMs) / limits.slowStartMs));
  return nowMs >= state.untilMs && nowMs >= state.trialUntilMs ? 1 : 0;
}

/** True if the state equals that of an unknown host and can be removed. */
export function isForgettable(state: HealthState, nowMs: number, { maxEjectMs }: HealthLimits): boolean {
  return state.phase === 'well' && state.failures === 0 && nowMs - state.sinceMs > maxEjectMs;
}

function succeed(state: HealthState, nowMs: number, { slowStartMs }: HealthLimits): HealthState {
  if (state.phase === 'ejected') {
    const { ejections, reason } = state;
    return { ...wellHealth, phase: 'recovering', sinceMs: nowMs, ejections, reason };
  }
  const isOver = state.phase === 'recovering' && nowMs - state.sinceMs >= slowStartMs;
  const counted = count({ ...state, successes: state.successes + 1, failuresInRow: 0 });
  return isOver ? { ...counted, phase: 'well', sinceMs: nowMs } : counted;
}

function fail(
  state: HealthState,
  event: Extract<HealthEvent, { kind: 'failure' }>,
  nowMs: number,
  limits: HealthLimits,
): HealthState {
  const { reason, retryAfterMs } = event;
  const failed = count({
    ...state,
    reason,
    failures: state.failures + 1,
    failuresInRow: state.failuresInRow + 1,
  });
  const outcomes = failed.failures + failed.successes;
  const tooMany =
    failed.failuresInRow >= limits.ejectAfterFailures ||
    (outcomes >= leastOutcomes && failed.failures * 2 >= outcomes);
  if (state.phase === 'well' && !tooMany && retryAfterMs === 0) return failed;
  return eject(failed, event, nowMs, limits);
}

function eject(
  state: HealthState,
  event: { readonly reason: string; readonly retryAfterMs: number; readonly jitter: number },
  nowMs: number,
  { ejectMs, maxEjectMs }: HealthLimits,
): HealthState {
  const wasWellLong = state.phase === 'well' && nowMs - state.sinceMs > maxEjectMs;
  const ejections = wasWellLong ? 1 : state.ejections + 1;
  const longerMs = Math.min(maxEjectMs, ejectMs * 2 ** Math.min(ejections - 1, 16));
  const askedMs = Math.min(maxEjectMs, event.retryAfterMs);
  const forMs = Math.max(longerMs, askedMs) * (1 + 0.2 * event.jitter);
  return {
    ...state,
    phase: 'ejected',
    sinceMs: nowMs,
    untilMs: nowMs + forMs,
    trialUntilMs: Number.NEGATIVE_INFINITY,
    ejections,
    reason: event.reason,
  };
}

function count(state: HealthState): HealthState {
  if (state.failures + state.successes <= window) return state;
  const failures = state.failures < 1 ? 0 : state.failures / 2;
  return { ...state, failures, successes: state.successes / 2 };
}
