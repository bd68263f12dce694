import type { Logger } from '@drover/actor-core';
import { Metadata, type ServiceError, status } from '@grpc/grpc-js';

/** An RPC ends with a gRPC status. */
export class RpcFailure extends Error {
  readonly code: status;
  readonly metadata: Metadata;

  constructor(code: status, message: string, metadata: Metadata = new Metadata()) {
    super(message);
    this.name = 'RpcFailure';
    this.code = code;
    this.metadata = metadata;
  }
}

const codes: Readonly<Record<number, status>> = {
  400: status.INVALID_ARGUMENT,
  401: status.UNAUTHENTICATED,
  403: status.PERMISSION_DENIED,
  404: status.NOT_FOUND,
  405: status.UNIMPLEMENTED,
  408: status.DEADLINE_EXCEEDED,
  409: status.FAILED_PRECONDITION,
  410: status.NOT_FOUND,
  412: status.FAILED_PRECONDITION,
  413: status.RESOURCE_EXHAUSTED,
  429: status.RESOURCE_EXHAUSTED,
  499: status.CANCELLED,
  500: status.INTERNAL,
  501: status.UNIMPLEMENTED,
  503: status.UNAVAILABLE,
  504: status.DEADLINE_EXCEEDED,
  507: status.RESOURCE_EXHAUSTED,
};

/** The gRPC status of an HTTP status. @see https://grpc.github.io/grpc/core/md_doc_http-grpc-status-mapping.html */
function codeOf(httpStatus: number): status {
  return codes[httpStatus] ?? (httpStatus >= 500 ? status.INTERNAL : status.UNKNOWN);
}

/** A field of the request is wrong. */
export function invalidArgument(field: string, what: string): RpcFailure {
  const metadata = new Metadata();
  metadata.set('drover-code', 'invalid-input');
  metadata.set('drover-field', field);
  return new RpcFailure(status.INVALID_ARGUMENT, `${field}: ${what}`, metadata);
}

/**
 * The failure that an error answer of a route stands for. Its stable code and its field are in the trailers
 * `drover-code` and `drover-field`, and `retry-after` is there too.
 */
export function failureOfAnswer(
  httpStatus: number,
  headers: Readonly<Record<string, unknown>>,
  body: string,
): RpcFailure {
  const { message, code, field } = errorOf(body);
  const metadata = new Metadata();
  const trailers = { 'drover-code': code, 'drover-field': field, 'retry-after': headers['retry-after'] };
  for (const [name, value] of Object.entries(trailers))
    if (typeof value === 'string') metadata.set(name, value);
  return new RpcFailure(codeOf(httpStatus), message, metadata);
}

/** Both forms of errors: Ollama's `{"error":"…"}` and Drover's `{"error":{"code","message"}}`. */
function errorOf(body: string): {
  readonly message: string;
  readonly code?: string;
  readonly field?: string;
} {
  try {
    const { error } = JSON.parse(body) as { error?: unknown };
    if (typeof error === 'string') return { message: error };
    const { message = body, code, field } = error as { message?: string; code?: string; field?: string };
    return { message, ...(code !== undefined && { code }), ...(field !== undefined && { field }) };
  } catch {
    return { message: body.slice(0, maxTextShown) };
  }
}

const maxTextShown = 500;

/** What grpc-js sends for any thrown value. An unexpected one shows no details: `log` gets them. */
export function serviceErrorOf(error: unknown, log: Logger): ServiceError {
  if (!(error instanceof RpcFailure))
    log.error({ cause: error }, 'a gRPC call failed with an unexpected error');
  const failure =
    error instanceof RpcFailure
      ? error
      : new RpcFailure(status.INTERNAL, 'the gateway failed with an internal error');
  return Object.assign(failure, { details: failure.message });
}
