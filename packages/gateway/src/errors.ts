import { DroverError } from '@drover/actor-core';

/** The gateway could not listen. `address-in-use`: another process uses the port. The start is not retried. */
export class ListenError extends DroverError {
  readonly code: 'address-in-use' | 'listen-failed';
  readonly host: string;
  readonly port: number;
  constructor(host: string, port: number, cause: unknown) {
    const inUse = (cause as NodeJS.ErrnoException).code === 'EADDRINUSE';
    const detail = inUse ? 'another process listens there' : (cause as Error).message;
    super(`cannot listen on ${host}:${port}: ${detail}`, { cause });
    this.code = inUse ? 'address-in-use' : 'listen-failed';
    this.host = host;
    this.port = port;
  }
}

/**
 * A request ends with an error answer. The message is for the client, with Ollama's own text for errors that Ollama
 * has; the dialect decides its format. Before the first byte of the answer it becomes a status, later an error frame.
 */
export class RequestFailure extends DroverError {
  readonly code: string;
  readonly status: number;
  /** Sent as `retry-after` with 429 and 503; 0: a default. */
  readonly retryAfterMs: number;
  readonly field: string | undefined;
  /** Further fields of the error object in Drover's own format. */
  readonly facts: Readonly<Record<string, unknown>>;
  constructor(
    status: number,
    code: string,
    message: string,
    details: {
      retryAfterMs?: number;
      field?: string | undefined;
      facts?: Readonly<Record<string, unknown>>;
      cause?: unknown;
    } = {},
  ) {
    super(message, { cause: details.cause });
    this.status = status;
    this.code = code;
    this.retryAfterMs = details.retryAfterMs ?? 0;
    this.field = details.field;
    this.facts = details.facts ?? {};
  }
}
