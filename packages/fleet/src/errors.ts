import { DroverError } from '@drover/actor-core';

/**
 * `model-not-found`: no instance lists the model · `no-host`: no instance is ready · `queue-full` · `bus-unavailable`:
 * NATS is away · `deadline` · `host-lost`: the serving node or its Ollama went away · `stalled`: no progress ·
 * `replay-lost`: lines were lost for good · `reader-too-slow` · `bad-upstream` · `cancelled`.
 */
export type FleetErrorCode =
  | 'model-not-found'
  | 'no-host'
  | 'queue-full'
  | 'bus-unavailable'
  | 'deadline'
  | 'host-lost'
  | 'stalled'
  | 'replay-lost'
  | 'reader-too-slow'
  | 'bad-upstream'
  | 'cancelled';

/** A request of the fleet failed. Retrying is the client's business; `retryAfterMs` is 0 where it is useless. */
export class FleetError extends DroverError {
  readonly code: FleetErrorCode;
  readonly requestId: string;
  readonly model: string;
  readonly node: string | undefined;
  readonly retryAfterMs: number;
  constructor(
    code: FleetErrorCode,
    message: string,
    details: {
      requestId: string;
      model: string;
      node?: string | undefined;
      retryAfterMs?: number;
      cause?: unknown;
    },
  ) {
    super(message, { cause: details.cause });
    this.code = code;
    this.requestId = details.requestId;
    this.model = details.model;
    this.node = details.node;
    this.retryAfterMs = details.retryAfterMs ?? 0;
  }
}
