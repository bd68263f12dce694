import type { Clock } from '../../clock.ts';
import { MessageTooLargeError, StoreUnavailableError, TransportDisconnectedError } from '../../errors.ts';
import { optionNames, requireKnownOptions } from '../../known-options.ts';
import type { Random } from '../../random.ts';
import type { HeaderFields } from '../../transport/header-block.ts';
import type { HeaderTransport } from '../../transport/transport.ts';
import { type ApiError, isTransient, troubleOf } from './jetstream-errors.ts';

/** A reply of JetStream: its fields, or an error. */
export type ApiReply<T> = T & { readonly error?: ApiError };

/** What a `JetStreamClient` works with. */
export interface JetStreamClientOptions {
  readonly transport: HeaderTransport;
  readonly clock: Clock;
  readonly random: Random;
  /** How long one call may try, all attempts together. @default 5_000 */
  readonly operationTimeoutMs?: number;
}

const clientOptions = optionNames<JetStreamClientOptions>({
  transport: true,
  clock: true,
  random: true,
  operationTimeoutMs: true,
});

const defaultOperationTimeoutMs = 5_000;
/** How long one attempt waits for its reply. A stream whose leader moves costs some of these. */
const attemptTimeoutMs = 1_000;
const retryMs = 20;
const retryJitterMs = 60;
const decoder = new TextDecoder();
const encoder = new TextEncoder();

/**
 * Requests to JetStream over our own transport, with our own headers and correlation. The client library changes the
 * options that it is given, hides the error code of a rejected batch, and takes 2.5 times as long (reference:
 * actor-runtimes.md 6.3).
 */
export class JetStreamClient {
  readonly transport: HeaderTransport;
  readonly clock: Clock;
  readonly random: Random;
  readonly operationTimeoutMs: number;

  constructor(options: JetStreamClientOptions) {
    requireKnownOptions('options', options, clientOptions);
    this.transport = options.transport;
    this.clock = options.clock;
    this.random = options.random;
    this.operationTimeoutMs = options.operationTimeoutMs ?? defaultOperationTimeoutMs;
  }

  /**
   * One call of JetStream's JSON API, repeated while its error is transient. For calls that may be repeated.
   *
   * @returns the reply, or an error that a repetition would not change
   * @throws StoreUnavailableError no such reply came within the operation timeout
   */
  async call<T>(stream: string, operation: string, query: object = {}): Promise<ApiReply<T>> {
    const subject = `$JS.API.${operation}`;
    const payload = encoder.encode(JSON.stringify(query));
    const deadline = this.clock.now() + this.operationTimeoutMs;
    for (;;) {
      let cause: unknown;
      try {
        const timeoutMs = Math.max(1, Math.min(attemptTimeoutMs, deadline - this.clock.now()));
        const reply = await this.attempt<T>(subject, payload, undefined, timeoutMs);
        if (reply.error === undefined || !isTransient(reply.error)) return reply;
        cause = reply.error;
      } catch (error) {
        if (error instanceof MessageTooLargeError) throw error;
        if (error instanceof TransportDisconnectedError)
          throw new StoreUnavailableError(stream, { cause: error });
        cause = error;
      }
      if (!(await this.pause(deadline))) throw new StoreUnavailableError(stream, { cause });
    }
  }

  /** As `call`, but every error is thrown. @throws StoreUnavailableError */
  async require<T>(stream: string, operation: string, query: object = {}): Promise<T> {
    const reply = await this.call<T>(stream, operation, query);
    if (reply.error !== undefined) throw refusal(stream, reply.error);
    return reply;
  }

  /** One attempt. @throws what the transport throws; SyntaxError when the reply is no JSON */
  async attempt<T>(
    subject: string,
    payload: Uint8Array,
    fields: HeaderFields | undefined,
    timeoutMs: number = attemptTimeoutMs,
  ): Promise<ApiReply<T>> {
    const reply = await this.transport.requestWithHeaders(subject, payload, fields, timeoutMs);
    return decodeReply<T>(reply.payload);
  }

  /** Waits a jittered moment before a repetition. False when the deadline would pass. */
  async pause(deadline: number): Promise<boolean> {
    const waitMs = retryMs + retryJitterMs * this.random.next();
    if (this.clock.now() + waitMs >= deadline) return false;
    await new Promise<void>((resolve) => this.clock.setTimer(waitMs, resolve));
    return true;
  }
}

/** The failure that an API error is to the caller. */
export function refusal(stream: string, error: ApiError): StoreUnavailableError {
  return new StoreUnavailableError(stream, { cause: error, trouble: troubleOf(error) });
}

function decodeReply<T>(payload: Uint8Array): ApiReply<T> {
  return JSON.parse(decoder.decode(payload)) as ApiReply<T>;
}
