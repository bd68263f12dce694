import type { Clock } from '@drover/actor-core';
import type { AttemptFailure } from './attempt-failure.ts';
import type { AttemptFacts } from './decide-attempt.ts';
import type { CallRecord, SessionShared } from './call-record.ts';
import type { CallHealth } from './call-health.ts';

/** The facts of one call from which its next step is decided. */
export class CallFacts {
  readonly #shared: SessionShared;
  readonly #record: CallRecord;
  readonly #clock: Clock;
  readonly #health: CallHealth;
  /** `instanceKey`s of the instances that were asked. */
  readonly tried: Set<string>;
  readonly failures: AttemptFailure[] = [];
  #busAwaySinceMs: number | undefined;

  constructor(shared: SessionShared, record: CallRecord, clock: Clock, health: CallHealth) {
    this.#shared = shared;
    this.#record = record;
    this.#clock = clock;
    this.#health = health;
    this.tried = new Set(record.request.continues?.lostBy);
  }

  now(): AttemptFacts {
    const { node, load, health } = this.#shared;
    const { startedAtMs, deadlineAtMs, model, request } = this.#record;
    const { connected } = node.transport;
    const instances = load.instances();
    const nowMs = this.#clock.now();
    if (connected) this.#busAwaySinceMs = undefined;
    else this.#busAwaySinceMs ??= nowMs;
    return {
      nowMs,
      startedAtMs,
      deadlineAtMs,
      connected,
      busAwaySinceMs: this.#busAwaySinceMs,
      hasReports: load.hasReports,
      instances,
      model,
      contextTokens: this.#record.routed.contextTokens,
      only: request.instance,
      digest: request.digest,
      tried: this.tried,
      ...health.avoidedFor(model, instances),
      failures: this.failures,
      mayRetry: this.#health.mayRetry,
    };
  }
}
