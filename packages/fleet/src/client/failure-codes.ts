import type { FleetErrorCode } from '../errors.ts';
import type { FailureCode, RefusalCode } from '../protocol/session-message.ts';
import type { HostFailure } from '../health/health-table.ts';
import type { ReceiverOutcome } from '../stream/stream-receiver.ts';

const ofRefusal: Record<RefusalCode, FleetErrorCode> = {
  'queue-full': 'queue-full',
  draining: 'no-host',
  'model-missing': 'model-not-found',
  'instance-down': 'no-host',
  'bad-request': 'bad-upstream',
};

const ofFailure: Record<FailureCode | 'host-lost' | 'bus-unavailable', FleetErrorCode> = {
  'upstream-lost': 'host-lost',
  'upstream-stalled': 'stalled',
  deadline: 'deadline',
  'replay-lost': 'replay-lost',
  'reader-too-slow': 'reader-too-slow',
  'bad-upstream': 'bad-upstream',
  // The host gave up: its drain ended, or it received no sign of life from this session. A cancel by the caller is
  // handled before.
  cancelled: 'host-lost',
  'host-lost': 'host-lost',
  'bus-unavailable': 'bus-unavailable',
};

/** Error code of the fleet for the end of a stream. */
export function fleetErrorCode(outcome: Exclude<ReceiverOutcome, { kind: 'end' }>): FleetErrorCode {
  return outcome.kind === 'refused' ? ofRefusal[outcome.code] : ofFailure[outcome.code];
}

/** Whether another instance may be tried if nothing was delivered. */
export function mayTryElsewhere(outcome: Exclude<ReceiverOutcome, { kind: 'end' }>): boolean {
  if (outcome.kind === 'refused') return true;
  return !['deadline', 'reader-too-slow', 'bus-unavailable'].includes(outcome.code);
}

/**
 * Evidence against the host from a failed attempt; undefined without evidence. An answer that ended normally but
 * without `done: true`, after lines were delivered, is no evidence.
 */
export function hostFailure(
  outcome: Exclude<ReceiverOutcome, { kind: 'end' }>,
  delivered: boolean,
): HostFailure | undefined {
  if (outcome.kind === 'refused') return undefined;
  const { code, message: reason } = outcome;
  if (code === 'upstream-stalled') return { subject: 'model', reason, retryAfterMs: 0 };
  if (code === 'upstream-lost' || (code === 'bad-upstream' && !delivered))
    return { subject: 'instance', reason, retryAfterMs: 0 };
  return undefined;
}
