import type { HostFailure } from '../routing/health-table.ts';
import { instanceKey } from '../routing/load-table.ts';
import type { Attempt } from './attempt.ts';
import type { CallRecord, SessionShared } from './call-record.ts';

/** The longest time to come back that is computed, where no host asks for one. */
const mostComputedMs = 10_000;

/**
 * What one call shows of the hosts it tries: each attempt says at most once that its host is well or ill, or else that
 * it says nothing. Also whether the call may still be sent to another host after one that failed.
 */
export class HostJudge {
  readonly #shared: Pick<SessionShared, 'health' | 'retries'>;
  readonly #record: Pick<CallRecord, 'model'>;
  #mayRetry = true;

  constructor(shared: Pick<SessionShared, 'health' | 'retries'>, record: Pick<CallRecord, 'model'>) {
    this.#shared = shared;
    this.#record = record;
  }

  /** False once the client's retries are spent: see `RetryBudget`. */
  get mayRetry(): boolean {
    return this.#mayRetry;
  }

  opened(attempt: Attempt): void {
    attempt.openedAtMs = this.#shared.health.opened(instanceKey(attempt.evidence), this.#record.model);
  }

  /** The first byte of an answer with success came. */
  served(attempt: Attempt): void {
    attempt.judged = 'well';
    this.#shared.health.succeeded(instanceKey(attempt.evidence), this.#record.model, attempt.openedAtMs);
  }

  /** The host itself failed, and not only the way to it. */
  failed(attempt: Attempt, failure: HostFailure): void {
    attempt.judged = 'ill';
    this.#shared.health.failed(instanceKey(attempt.evidence), this.#record.model, failure);
  }

  ended(attempt: Attempt): void {
    if (attempt.judged === undefined)
      this.#shared.health.undecided(instanceKey(attempt.evidence), this.#record.model);
  }

  /** Another host could be asked: a retry after a host's own failure has to be paid for. */
  payForRetry({ judged }: Attempt, nowMs: number): void {
    if (judged === 'ill') this.#mayRetry = this.#shared.retries.take(nowMs);
  }

  /** When to come back after all of these refused and none said when. They are asked last, not never: a short time. */
  retryAfterMs(tried: ReadonlySet<string>): number {
    return Math.min(mostComputedMs, this.#shared.health.nextTrialMs([...tried], this.#record.model));
  }
}
