import { DroverError } from '@drover/actor-core';

/**
 * `model-not-found`: no instance lists the model · `no-host`: no instance is ready · `queue-full` · `bus-unavailable`:
 * NATS is not connected · `deadline` · `host-lost`: the serving node or its Ollama is gone · `stalled`: no progress ·
 * `replay-lost`: lines are missing and cannot be sent again · `reader-too-slow` · `bad-upstream` · `cancelled`.
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

/** The same operation on the same model runs there with other parameters. Retry when that job is over. */
export class AdminJobDiffersError extends DroverError {
  readonly code = 'job-differs';
  readonly operation: string;
  readonly model: string;
  readonly node: string;
  constructor({ operation, model, node }: { operation: string; model: string; node: string }) {
    super(`another ${operation} of ${model} runs on ${node} with other parameters; wait until it is over`);
    this.operation = operation;
    this.model = model;
    this.node = node;
  }
}

/** A request to the fleet failed. The caller may retry after `retryAfterMs`; 0 means that a retry does not help. */
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
