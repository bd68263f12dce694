import type { Clock } from '@drover/actor-core';
import type { AttemptFacts, AttemptFailure } from './decide-attempt.ts';
import type { CallRecord, SessionShared } from './call-record.ts';
import type { HostJudge } from './host-judge.ts';

/** Facts of one call for its next decision. */
export class CallFacts {
  readonly #shared: SessionShared;
  readonly #record: CallRecord;
  readonly #clock: Clock;
  readonly #judge: HostJudge;
  /** `instanceKey`s of the instances that were asked. */
  readonly tried: Set<string> = new Set<string>();
  readonly failures: AttemptFailure[] = [];
  #busAwaySinceMs: number | undefined;

  constructor(shared: SessionShared, record: CallRecord, clock: Clock, judge: HostJudge) {
    this.#shared = shared;
    this.#record = record;
    this.#clock = clock;
    this.#judge = judge;
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
      only: request.instance,
      digest: request.digest,
      tried: this.tried,
      ...health.avoidedFor(model, instances),
      failures: this.failures,
      mayRetry: this.#judge.mayRetry,
    };
  }
}
