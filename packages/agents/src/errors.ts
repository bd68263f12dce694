import { DroverError } from '@drover/actor-core';
import type { StoreTrouble } from '@drover/actor-core/durable';

export type AgentsErrorCode =
  | 'unknown-agent-type'
  | 'invalid-input'
  | 'agent-not-found'
  | 'run-not-found'
  | 'agent-lost'
  | 'agent-busy'
  | 'agent-stopped'
  | 'task-failed'
  | 'idempotency-conflict'
  | 'no-leader'
  | 'no-host'
  | 'bus-unavailable'
  | StoreTrouble
  | 'deadline'
  | 'cancelled';

/**
 * An operation on agents failed. `code` tells why; `retryAfterMs` is the time after which the caller may retry, or 0
 * if a retry is useless.
 */
export class AgentsError extends DroverError {
  readonly code: AgentsErrorCode;
  readonly field: string | undefined;
  readonly retryAfterMs: number;
  constructor(
    code: AgentsErrorCode,
    message: string,
    details: { field?: string; retryAfterMs?: number; cause?: unknown } = {},
  ) {
    super(message, { cause: details.cause });
    this.code = code;
    this.field = details.field;
    this.retryAfterMs = details.retryAfterMs ?? 0;
  }
}
