import { StoreUnavailableError } from '@drover/actor-core/durable';
import { AgentsError, type AgentsErrorCode } from '@drover/agents';
import { FleetError, type FleetErrorCode } from '@drover/fleet';
import { RequestFailure } from './errors.ts';

const fleetStatus: Readonly<Record<FleetErrorCode, number>> = {
  'model-not-found': 404,
  'no-host': 503,
  'queue-full': 503,
  'bus-unavailable': 503,
  deadline: 504,
  'host-lost': 503,
  stalled: 504,
  'replay-lost': 502,
  'reader-too-slow': 503,
  'bad-upstream': 502,
  cancelled: 499,
};

const agentsStatus: Readonly<Record<AgentsErrorCode, number>> = {
  'unknown-agent-type': 400,
  'invalid-input': 400,
  'agent-not-found': 404,
  'run-not-found': 404,
  'agent-lost': 503,
  'agent-busy': 409,
  'agent-stopped': 410,
  'task-failed': 502,
  'idempotency-conflict': 409,
  'no-leader': 503,
  'no-host': 503,
  'bus-unavailable': 503,
  'store-unavailable': 503,
  'store-full': 503,
  'store-missing': 503,
  deadline: 504,
  cancelled: 499,
};

/**
 * Converts a thrown value to the failure that the client gets. An unexpected error shows no details: they are in the
 * log.
 */
export function failureOf(error: unknown): RequestFailure {
  if (error instanceof RequestFailure) return error;
  if (error instanceof FleetError) {
    const message = error.code === 'queue-full' ? ollamaBusyText : error.message;
    return new RequestFailure(fleetStatus[error.code] ?? 500, error.code, message, details(error));
  }
  if (error instanceof AgentsError) {
    return new RequestFailure(agentsStatus[error.code] ?? 500, error.code, error.message, {
      ...details(error),
      field: error.field,
    });
  }
  if (error instanceof StoreUnavailableError)
    return new RequestFailure(503, error.code, error.message, { retryAfterMs: storeRetryMs, cause: error });
  return new RequestFailure(
    500,
    'internal',
    'the gateway failed with an internal error; its log has the details',
    {
      cause: error,
    },
  );
}

/** JetStream elects a new leader of a stream within a few seconds. */
const storeRetryMs = 2_000;

/** Ollama's error text for a full queue, with its two spaces. */
const ollamaBusyText = 'server busy, please try again.  maximum pending requests exceeded';

function details(error: { retryAfterMs: number }): { retryAfterMs: number; cause: unknown } {
  return { retryAfterMs: error.retryAfterMs, cause: error };
}
