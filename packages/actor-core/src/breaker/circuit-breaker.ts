import type { Clock } from '../clock.ts';
import { CircuitOpenError, InvalidArgumentError, RequestTimeoutError } from '../errors.ts';
import { type Logger, silentLogger } from '../logger.ts';
import { letPass, type BreakerPolicy, type BreakerState, closed, settle } from './decide-breaker.ts';
import { optionNames, requireKnownOptions } from '../known-options.ts';

const breakerOptions = optionNames<CircuitBreakerOptions>({
  name: true,
  clock: true,
  maxFailures: true,
  callTimeoutMs: true,
  resetMs: true,
  resetMaxMs: true,
  probes: true,
  isFailure: true,
  onChange: true,
  log: true,
});

/** Limits of a circuit breaker. The defaults are those of Pekko (10 failures, 10 s per call, 15 s until a probe). */
export interface CircuitBreakerOptions {
  /** Name of what is called, for errors and logs. */
  readonly name: string;
  readonly clock: Clock;
  /** Failures in a row that open the breaker. @default 10 */
  readonly maxFailures?: number;
  /** Time after which a call counts as failed; its late outcome is ignored. @default 10_000 */
  readonly callTimeoutMs?: number;
  /** Time that the breaker stays open; doubles while the probes fail. @default 15_000 */
  readonly resetMs?: number;
  /** @default 10 times `resetMs` */
  readonly resetMaxMs?: number;
  /** Probes that must succeed before the breaker closes; it lets no more calls through at a time. @default 1 */
  readonly probes?: number;
  /** Which errors count as failures of what is called. If it throws, the error counts. @default every error */
  readonly isFailure?: (error: unknown) => boolean;
  /** Called at each change of state. */
  readonly onChange?: (state: BreakerState['type']) => void;
  /** Logs when `isFailure` or `onChange` throws; the breaker continues. @default no log */
  readonly log?: Logger;
}

/** Fails fast while the called service is down, and lets that service recover before the full load returns. */
export interface CircuitBreaker {
  readonly state: BreakerState['type'];
  /**
   * Makes the call, unless the breaker is open. The signal is aborted at the timeout.
   *
   * @throws CircuitOpenError without calling
   * @throws RequestTimeoutError when the call takes too long, and whatever the call throws
   */
  call<T>(run: (signal: AbortSignal) => Promise<T>): Promise<T>;
}

/**
 * Creates a circuit breaker.
 *
 * @throws InvalidArgumentError naming the option that is invalid
 */
export function createCircuitBreaker(options: CircuitBreakerOptions): CircuitBreaker {
  requireKnownOptions('options', options, breakerOptions);
  const {
    name,
    clock,
    callTimeoutMs = 10_000,
    isFailure = () => true,
    onChange,
    log = silentLogger,
  } = options;
  const policy = resolvePolicy(options);
  if (!(Number.isFinite(callTimeoutMs) && callTimeoutMs > 0))
    throw new InvalidArgumentError('callTimeoutMs', 'must be finite and above 0');
  let state: BreakerState = closed;
  const become = (next: BreakerState) => {
    const isChange = next.type !== state.type;
    state = next;
    if (isChange) guarded(() => onChange?.(next.type), undefined);
  };
  /** Guards against options that throw: a probe whose outcome is lost would leave the breaker half open for ever. */
  const guarded = <T>(ask: () => T, otherwise: T): T => {
    try {
      return ask();
    } catch (err) {
      log.error({ err, circuit: name }, 'an option of a circuit breaker failed');
      return otherwise;
    }
  };
  return {
    get state() {
      return state.type;
    },
    call<T>(run: (signal: AbortSignal) => Promise<T>): Promise<T> {
      const next = letPass(state, policy, clock.now());
      if (next === undefined) {
        const retryAfterMs = state.type === 'open' ? Math.max(0, state.untilMs - clock.now()) : 0;
        return Promise.reject(new CircuitOpenError(name, retryAfterMs));
      }
      become(next);
      const controller = new AbortController();
      return new Promise<T>((resolve, reject) => {
        let isOver = false;
        const end = (failed: boolean, deliver: () => void) => {
          if (isOver) return;
          isOver = true;
          timer.cancel();
          become(settle(state, next, failed, policy, clock.now()));
          deliver();
        };
        const timer = clock.setTimer(callTimeoutMs, () => {
          end(true, () => reject(new RequestTimeoutError(name, callTimeoutMs)));
          controller.abort();
        });
        attempt(run, controller.signal).then(
          (value) => end(false, () => resolve(value)),
          (error: unknown) =>
            end(
              guarded(() => isFailure(error), true),
              () => reject(error instanceof Error ? error : new Error(String(error))),
            ),
        );
      });
    },
  };
}

/** A synchronous throw counts as a rejection. */
async function attempt<T>(run: (signal: AbortSignal) => Promise<T>, signal: AbortSignal): Promise<T> {
  return await run(signal);
}

function resolvePolicy(options: CircuitBreakerOptions): BreakerPolicy {
  const { maxFailures = 10, resetMs = 15_000, probes = 1 } = options;
  const { resetMaxMs = 10 * resetMs } = options;
  for (const [key, value] of Object.entries({ maxFailures, probes }))
    if (!(Number.isSafeInteger(value) && value >= 1))
      throw new InvalidArgumentError(key, 'must be a whole number of at least 1');
  if (!(Number.isFinite(resetMs) && resetMs > 0))
    throw new InvalidArgumentError('resetMs', 'must be finite and above 0');
  if (!(Number.isFinite(resetMaxMs) && resetMaxMs >= resetMs))
    throw new InvalidArgumentError('resetMaxMs', 'must be finite and at least resetMs');
  return { maxFailures, resetMs, resetMaxMs, probes };
}
