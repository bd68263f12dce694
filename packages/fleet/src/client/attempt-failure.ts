import type { FleetErrorCode } from '../errors.ts';
import type { InstanceEvidence } from '../load/load-table.ts';
import type { RefusalCode } from '../protocol/session-message.ts';
import type { HostAnswer } from './host-answer.ts';

/** The end of an attempt that delivered nothing to the caller. */
export interface AttemptFailure {
  readonly node: string;
  readonly instance: string;
  readonly simulated: boolean;
  readonly code: FleetErrorCode;
  /** Set when the node-agent refused the request. */
  readonly refusal: RefusalCode | undefined;
  readonly message: string;
  readonly retryAfterMs: number;
  /** Set when the host itself answered with an error. */
  readonly answer?: HostAnswer | undefined;
}

/** A failed attempt whose host answered with an error. */
export type AnsweredFailure = AttemptFailure & { readonly answer: HostAnswer };

/** The fields of a failure that name its instance. */
export function instanceFacts({
  node,
  load,
}: InstanceEvidence): Pick<AttemptFailure, 'node' | 'instance' | 'simulated'> {
  return { node, instance: load.name, simulated: load.simulated };
}
