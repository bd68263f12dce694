import type { FleetErrorCode } from '../errors.ts';
import type { HostFailure } from '../health/health-table.ts';
import type { InstanceEvidence } from '../load/load-table.ts';
import type { ReceiverOutcome } from '../stream/stream-receiver.ts';
import { type AnsweredFailure, type AttemptFailure, instanceFacts } from './attempt-failure.ts';
import type { AttemptEnding } from './decision-log.ts';
import { fleetErrorCode, hostFailure, mayTryElsewhere } from './failure-codes.ts';
import { type HostAnswer, hostRetryAfterMs } from './host-answer.ts';

/** All facts that decide the step after an attempt. */
export interface OutcomeFacts {
  readonly outcome: ReceiverOutcome;
  /** The host's complete error answer, if it was held back. */
  readonly heldAnswer: HostAnswer | undefined;
  readonly cancelled: boolean;
  /** True once the caller has the head: no other instance may answer then. */
  readonly headDelivered: boolean;
  readonly evidence: InstanceEvidence;
}

export type OutcomeDecision = OutcomeEvidence &
  (
    | { readonly kind: 'served' }
    /** The error concerns the request itself: the client gets the host's answer. */
    | { readonly kind: 'refuse'; readonly failure: AnsweredFailure }
    | { readonly kind: 'try-elsewhere'; readonly failure: AttemptFailure }
    | {
        readonly kind: 'fail';
        readonly code: FleetErrorCode;
        readonly message: string;
        readonly retryAfterMs: number;
        readonly ending: AttemptEnding;
      }
  );

/** What the outcome shows about the host. */
export interface OutcomeEvidence {
  /** For the health table; undefined without evidence against the host. */
  readonly hostFailure?: HostFailure | undefined;
  /** The node did not answer: its instances are chosen last until its next report. */
  readonly suspectNode?: boolean;
}

/** Retry time of an error for which no host stated a retry time. */
const usualRetryAfterMs = 1_000;

/** Decides what follows from the end of an attempt's stream. */
export function decideOutcome(facts: OutcomeFacts): OutcomeDecision {
  const { outcome, heldAnswer } = facts;
  if (outcome.kind !== 'end') return decideFailed(facts, outcome);
  return heldAnswer === undefined ? { kind: 'served' } : decideHostAnswer(facts, heldAnswer);
}

/** The failure of an attempt whose host answered `answer`. */
function answeredFailure(evidence: InstanceEvidence, answer: HostAnswer): AnsweredFailure {
  const { head, text } = answer;
  return {
    ...instanceFacts(evidence),
    code: 'bad-upstream',
    refusal: undefined,
    message: `answered ${head.status}: ${text}`,
    retryAfterMs: hostRetryAfterMs(head.headers) ?? 0,
    answer,
  };
}

function decideHostAnswer({ evidence }: OutcomeFacts, answer: HostAnswer): OutcomeDecision {
  const failure = answeredFailure(evidence, answer);
  const { subject } = answer;
  if (subject === 'request') return { kind: 'refuse', failure };
  if (subject === 'way') return { kind: 'try-elsewhere', failure };
  const { message: reason, retryAfterMs } = failure;
  return { kind: 'try-elsewhere', failure, hostFailure: { subject, reason, retryAfterMs } };
}

function decideFailed(
  { cancelled, headDelivered, evidence }: OutcomeFacts,
  outcome: Exclude<ReceiverOutcome, { kind: 'end' }>,
): OutcomeDecision {
  const suspectNode = outcome.kind === 'failed' && outcome.code === 'host-lost';
  if (cancelled) {
    const { message } = outcome;
    const ending = { outcome: 'given-up', code: 'cancelled', message } as const;
    return { kind: 'fail', code: 'cancelled', message, retryAfterMs: 0, ending, suspectNode };
  }
  const code = fleetErrorCode(outcome);
  const shown = { hostFailure: hostFailure(outcome, headDelivered), suspectNode };
  if (!headDelivered && mayTryElsewhere(outcome)) {
    const refusal = outcome.kind === 'refused' ? outcome.code : undefined;
    const retryAfterMs = outcome.kind === 'refused' ? outcome.retryAfterMs : 0;
    const { message } = outcome;
    const failure = { ...instanceFacts(evidence), code, refusal, message, retryAfterMs };
    return { ...shown, kind: 'try-elsewhere', failure };
  }
  return {
    ...shown,
    kind: 'fail',
    code,
    message: `${evidence.load.name} on ${evidence.node}: ${outcome.message}`,
    retryAfterMs: code === 'host-lost' || code === 'bus-unavailable' ? usualRetryAfterMs : 0,
    ending: { outcome: 'failed', code, message: outcome.message },
  };
}
