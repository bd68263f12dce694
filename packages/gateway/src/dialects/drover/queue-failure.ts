import { InvalidArgumentError } from '@drover/actor-core';
import { QueueLimitError, QueueNotEmptyError, QueueNotFoundError } from '@drover/actor-core/cluster';
import { StoreUnavailableError } from '@drover/actor-core/durable';
import { RequestFailure } from '../../errors.ts';
import type { Handler } from '../../http/route.ts';
import { invalidField } from './memory-query.ts';

/** Time after which a store that does not answer is worth another attempt. */
const retryAfterMs = 1_000;

/** A full queue gets empty when its messages are worked off, and a client may try again a little later. */
const fullRetryAfterMs = 5_000;

/** A handler whose errors of queues are answered as failures of the request. */
export function withQueueFailures(handler: Handler): Handler {
  return async (exchange, params) => {
    try {
      await handler(exchange, params);
    } catch (error) {
      throw queueFailureOf(error);
    }
  };
}

/** The lease is over, was given up, or is not one of this message. */
export function leaseLost(): RequestFailure {
  return new RequestFailure(
    409,
    'lease-lost',
    'the lease is not valid: it is over or was given up, and another taker has the message or will have it',
    { field: 'lease' },
  );
}

export function messageNotFound(): RequestFailure {
  return new RequestFailure(404, 'message-not-found', 'the queue has no message with this id');
}

function queueFailureOf(error: unknown): unknown {
  if (error instanceof InvalidArgumentError)
    return invalidField(error.argument, error.message.replace(`${error.argument} `, ''));
  if (error instanceof QueueNotFoundError) return new RequestFailure(404, 'queue-not-found', error.message);
  if (error instanceof QueueNotEmptyError) return new RequestFailure(409, 'queue-not-empty', error.message);
  if (error instanceof QueueLimitError) return limitFailureOf(error);
  if (error instanceof StoreUnavailableError)
    return new RequestFailure(503, error.code, error.message, { retryAfterMs, cause: error });
  return error;
}

function limitFailureOf({ code, message }: QueueLimitError): RequestFailure {
  if (code === 'message-too-large')
    return new RequestFailure(413, 'message-too-large', message, { field: 'body' });
  if (code === 'too-many-queues') return new RequestFailure(409, 'too-many-queues', message);
  return new RequestFailure(429, 'queue-full', message, { retryAfterMs: fullRetryAfterMs });
}
