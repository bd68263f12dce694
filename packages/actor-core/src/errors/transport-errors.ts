import { DroverError } from './drover-error.ts';

/** No process subscribes to the requested subject. The caller may retry after a short jitter, or treat it as gone. */
export class NoRespondersError extends DroverError {
  readonly code = 'no-responders';
  readonly subject: string;
  constructor(subject: string, options?: ErrorOptions) {
    super(`no subscriber on ${subject}`, options);
    this.subject = subject;
  }
}

/** No answer within the timeout; the other side may have acted. Retry only what is idempotent. */
export class RequestTimeoutError extends DroverError {
  readonly code = 'request-timeout';
  readonly target: string;
  readonly timeoutMs: number;
  constructor(target: string, timeoutMs: number, options?: ErrorOptions) {
    super(`no answer from ${target} within ${timeoutMs} ms`, options);
    this.target = target;
    this.timeoutMs = timeoutMs;
  }
}

/** NATS is not connected. The caller waits for the connection, or refuses its own caller with a retry hint. */
export class TransportDisconnectedError extends DroverError {
  readonly code = 'bus-unavailable';
  constructor(options?: ErrorOptions) {
    super('not connected to NATS', options);
  }
}

/** NATS could not be reached within the connect timeout. The caller corrects the address or waits. */
export class ConnectError extends DroverError {
  readonly code = 'connect-failed';
  readonly servers: readonly string[];
  constructor(servers: readonly string[], detail: string, options?: ErrorOptions) {
    super(`cannot connect to NATS at ${servers.join(', ')}: ${detail}`, options);
    this.servers = servers;
  }
}

/**
 * A message is larger than the bus accepts (NATS: `max_payload`, 1 MiB unless the server is configured otherwise). It
 * was not sent. Send less, send it in parts, or raise the limit of the server; a retry of the same message fails again.
 */
export class MessageTooLargeError extends DroverError {
  readonly code = 'message-too-large';
  readonly target: string;
  readonly bytes: number;
  readonly limitBytes: number;
  constructor(target: string, bytes: number, limitBytes: number, options?: ErrorOptions) {
    super(
      `a message of ${bytes} bytes for ${target} is larger than the ${limitBytes} that the bus accepts`,
      options,
    );
    this.target = target;
    this.bytes = bytes;
    this.limitBytes = limitBytes;
  }
}
