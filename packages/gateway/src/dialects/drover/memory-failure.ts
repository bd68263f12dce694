import { InvalidArgumentError } from '@drover/actor-core';
import { MemoryLimitError, type MemoryRefusal, WriteUnknownError } from '@drover/actor-core/cluster';
import { BlobDamagedError, StoreUnavailableError, UploadTimeoutError } from '@drover/actor-core/durable';
import { RequestFailure } from '../../errors.ts';
import type { Handler } from '../../http/route.ts';
import { invalidField } from './memory-query.ts';

/** Time after which a store that does not answer is worth another attempt. */
const retryAfterMs = 1_000;

/** A handler whose errors of memory are answered as failures of the request. */
export function withMemoryFailures(handler: Handler): Handler {
  return async (exchange, params) => {
    try {
      await handler(exchange, params);
    } catch (error) {
      throw memoryFailureOf(error);
    }
  };
}

/** The failure of a change that memory refused. */
export function refusalFailure(refusal: MemoryRefusal): RequestFailure {
  switch (refusal.kind) {
    case 'revision-mismatch': {
      const { revision } = refusal;
      const present = revision === 0 ? 'the key has no value' : `the present revision is ${revision}`;
      return new RequestFailure(412, 'revision-mismatch', present, { facts: { revision } });
    }
    case 'policy-mismatch':
      return new RequestFailure(
        409,
        'policy-mismatch',
        `the policy of this key is ${refusal.policy}: its first write fixed it; a CRDT is changed by POST …/ops`,
        { field: 'policy', facts: { policy: refusal.policy } },
      );
    default: {
      const { policy, reason } = refusal;
      return new RequestFailure(409, 'merge-failed', `${policy} cannot take this value: ${reason}`);
    }
  }
}

export function keyNotFound(): RequestFailure {
  return new RequestFailure(404, 'not-found', 'the key has no value');
}

function memoryFailureOf(error: unknown): unknown {
  if (error instanceof InvalidArgumentError)
    return invalidField(error.argument, error.message.replace(`${error.argument} `, ''));
  if (error instanceof MemoryLimitError)
    return error.code === 'memory-full'
      ? new RequestFailure(507, 'memory-full', error.message)
      : new RequestFailure(413, 'value-too-large', error.message);
  if (error instanceof WriteUnknownError) {
    const message =
      'the store did not confirm the write, which may have happened: read the key with read=fresh first';
    return error.trouble === 'store-unavailable'
      ? new RequestFailure(503, 'write-unknown', message, { retryAfterMs, cause: error })
      : new RequestFailure(503, error.trouble, (error.cause as Error).message, {
          retryAfterMs,
          cause: error,
        });
  }
  if (error instanceof UploadTimeoutError)
    return new RequestFailure(408, 'body-timeout', 'the value did not arrive in time; nothing was stored');
  if (error instanceof BlobDamagedError)
    return new RequestFailure(500, 'value-damaged', error.message, { cause: error });
  if (error instanceof StoreUnavailableError)
    return new RequestFailure(503, error.code, error.message, { retryAfterMs, cause: error });
  return error;
}
