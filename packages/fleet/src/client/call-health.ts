import type { HostFailure } from '../health/health-table.ts';
import { instanceKey } from '../load/load-table.ts';
import type { Attempt } from './attempt.ts';
import type { CallRecord, SessionShared } from './call-record.ts';

/** Longest computed retry time, for failures in which no host stated a retry time. */
const maxRetryAfterMs = 10_000;

/**
 * Reports the outcomes of one call's attempts to the health table: each attempt reports at most one outcome: well, ill
 * or no evidence. Also decides whether the retry budget allows another host after a failure.
 */
export class CallHealth {
  readonly #shared: Pick<SessionShared, 'health' | 'retries'>;
  readonly #model: string;
  #mayRetry = true;

  constructor(shared: Pick<SessionShared, 'health' | 'retries'>, { model }: Pick<CallRecord, 'model'>) {
    this.#shared = shared;
    this.#model = model;
  }

  /** False when the retry budget of the client is used up: see `RetryBudget`. */
  get mayRetry(): boolean {
    return this.#mayRetry;
  }

  opened(attempt: Attempt): void {
    attempt.openedAtMs = this.#shared.health.opened(instanceKey(attempt.evidence), this.#model);
  }

  /** Handles the first byte of a successful answer. */
  served(attempt: Attempt): void {
    attempt.judged = 'well';
    this.#shared.health.succeeded(instanceKey(attempt.evidence), this.#model, attempt.openedAtMs);
  }

  /** Handles a failure of the host itself, not only of the connection to its node. */
  failed(attempt: Attempt, failure: HostFailure): void {
    attempt.judged = 'ill';
    this.#shared.health.failed(instanceKey(attempt.evidence), this.#model, failure);
  }

  ended(attempt: Attempt): void {
    if (attempt.judged === undefined)
      this.#shared.health.undecided(instanceKey(attempt.evidence), this.#model);
  }

  /** Handles a possible retry on another host: a retry after a failure of the host takes from the retry budget. */
  payForRetry({ judged }: Attempt, nowMs: number): void {
    if (judged === 'ill') this.#mayRetry = this.#shared.retries.take(nowMs);
  }

  /**
   * Retry time if all these hosts refused without stating one. Short, because ejected hosts are not excluded, only
   * asked last.
   */
  retryAfterMs(tried: ReadonlySet<string>): number {
    return Math.min(maxRetryAfterMs, this.#shared.health.nextTrialMs([...tried], this.#model));
  }
}
