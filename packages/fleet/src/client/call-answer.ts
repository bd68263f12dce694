import type { Clock } from '@drover/actor-core';
import { FleetError, type FleetErrorCode } from '../errors.ts';
import type { Attempt } from './attempt.ts';
import type { CallRecord } from './call-record.ts';
import type { DecisionTrail } from './decision-log.ts';
import { HeldAnswer, isHeldBack } from './host-answer.ts';
import type { CallHealth } from './call-health.ts';
import type { AnsweredFailure } from './attempt-failure.ts';

/** The answer for the caller: head and lines of one attempt, a host's error answer, or an error of the fleet. */
export class CallAnswer {
  readonly #record: CallRecord;
  readonly #clock: Clock;
  readonly #health: CallHealth;
  readonly #trail: DecisionTrail;

  constructor(record: CallRecord, clock: Clock, health: CallHealth, trail: DecisionTrail) {
    this.#record = record;
    this.#clock = clock;
    this.#health = health;
    this.#trail = trail;
  }

  /**
   * Handles lines of the attempt. Returns true if they count as consumed: the caller was waiting for them, or they are
   * held back.
   */
  deliver(attempt: Attempt, lines: readonly string[], count: number): boolean {
    const { call } = this.#record;
    if (!call.headResolved && attempt.head !== undefined && isHeldBack(attempt.head, lines))
      attempt.held ??= new HeldAnswer(attempt.head);
    if (attempt.held !== undefined) {
      attempt.held.add(lines);
      return true;
    }
    this.#begin(attempt);
    return call.push(lines, count);
  }

  /** Handles the end of a complete answer; returns the outcome of the attempt. */
  finish(attempt: Attempt): 'served' | 'refused' {
    this.#begin(attempt);
    const outcome = (attempt.head?.status ?? 0) < 400 ? 'served' : 'refused';
    this.#trail.ended(outcome);
    this.#record.call.finish();
    return outcome;
  }

  /**
   * Passes this host's error answer to the caller, because no host served the request. `leastMs`: shortest time until a
   * retry.
   */
  refuse({ node, instance, simulated, answer }: AnsweredFailure, leastMs: number): void {
    const { call, startedAtMs } = this.#record;
    const queuedMs = Math.round(this.#clock.now() - startedAtMs);
    this.#trail.ended('refused');
    call.begin({ ...answer.head, node, instance, simulated, queuedMs, retryAfterMs: leastMs });
    call.push(answer.lines, answer.lines.length);
    call.finish();
  }

  fail(code: FleetErrorCode, message: string, retryAfterMs: number, node?: string): void {
    const { call, request } = this.#record;
    const { requestId, model } = request;
    this.#trail.failed(code, message);
    // Every session calls this at its end. An error is created only for a call that has not ended, because its stack is
    // expensive.
    if (call.ended) return;
    call.finish(new FleetError(code, message, { requestId, model, node, retryAfterMs }));
  }

  /** Passes the head to the caller with the first byte, not earlier: until then another instance may answer. */
  #begin(attempt: Attempt): void {
    const { call, startedAtMs } = this.#record;
    const { head, evidence, receiver } = attempt;
    if (call.headResolved || head === undefined) return;
    if (head.status < 400) this.#health.served(attempt);
    const { node, load } = evidence;
    const insideAtMs = receiver.insideAtMs ?? this.#clock.now();
    const queuedMs = Math.round(insideAtMs - startedAtMs);
    call.begin({ ...head, node, instance: load.name, simulated: load.simulated, queuedMs });
  }
}
