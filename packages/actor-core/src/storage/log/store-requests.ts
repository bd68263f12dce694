import type { Clock } from '../../clock.ts';
import {
  MessageTooLargeError,
  type StoreTrouble,
  StoreUnavailableError,
  TransportDisconnectedError,
} from '../../errors.ts';
import type { Random } from '../../random.ts';
import type { HeaderTransport } from '../../transport/transport.ts';
import type { ApiReply } from '../jetstream/jetstream-client.ts';
import { troubleOf } from '../jetstream/jetstream-errors.ts';
import { decodeReply, isPassing } from './store-replies.ts';

/** What `StoreRequests` works with. */
export interface StoreRequestsParts {
  readonly transport: HeaderTransport;
  readonly clock: Clock;
  readonly random: Random;
  /** Limit for one operation, all attempts together, milliseconds. */
  readonly operationTimeoutMs: number;
}

/** Limit for one attempt; the election of a new stream leader costs some of them. */
const attemptTimeoutMs = 1_000;
const retryMs = 20;
const retryJitterMs = 60;
const encoder = new TextEncoder();

/**
 * Requests of `JetStreamStore`, repeated until the answer is final. Logs, buckets and queues use `JetStreamClient`;
 * this class goes away together with the store.
 */
export class StoreRequests {
  readonly #parts: StoreRequestsParts;

  constructor(parts: StoreRequestsParts) {
    this.#parts = parts;
  }

  /**
   * An operation of the API, e.g. `STREAM.INFO.X`. @throws StoreUnavailableError when it got no final answer in time
   */
  api(stream: string, operation: string, query: object): Promise<ApiReply<object>> {
    return this.#attempt(stream, `$JS.API.${operation}`, encoder.encode(JSON.stringify(query)), undefined);
  }

  /**
   * A write to a subject of the stream.
   *
   * @throws MessageTooLargeError nothing was written
   * @throws StoreUnavailableError whose code is the state of the stream, when the write was not confirmed in time
   */
  async write(
    stream: string,
    subject: string,
    payload: Uint8Array,
    headers: Readonly<Record<string, string>>,
  ): Promise<ApiReply<object>> {
    try {
      return await this.#attempt(stream, subject, payload, headers);
    } catch (error) {
      if (!(error instanceof StoreUnavailableError) || !this.#parts.transport.connected) throw error;
      const trouble = await this.#troubleOfStream(stream);
      throw trouble === error.code
        ? error
        : new StoreUnavailableError(stream, { cause: error.cause, trouble });
    }
  }

  /**
   * Measured on nats-server 2.15.1: while a disk is full, and after that, the API answers and no write is confirmed.
   */
  async #troubleOfStream(stream: string): Promise<StoreTrouble> {
    try {
      const subject = `$JS.API.STREAM.INFO.${stream}`;
      const { payload } = await this.#parts.transport.requestWithHeaders(
        subject,
        encoder.encode('{}'),
        undefined,
        attemptTimeoutMs,
      );
      const reply = decodeReply(payload);
      return reply.error === undefined ? 'store-full' : troubleOf(reply.error);
    } catch {
      return 'store-unavailable';
    }
  }

  /**
   * Repeats the request until the answer is final. A stream without a leader looks like "no responders" or a server
   * error (503), a check in flight like 10164; neither of them means that a newer writer exists.
   */
  async #attempt(
    stream: string,
    subject: string,
    payload: Uint8Array,
    headers: Readonly<Record<string, string>> | undefined,
  ): Promise<ApiReply<object>> {
    const { transport, clock, random, operationTimeoutMs } = this.#parts;
    const deadlineMs = clock.now() + operationTimeoutMs;
    for (;;) {
      let cause: unknown;
      try {
        const timeoutMs = Math.max(1, Math.min(attemptTimeoutMs, deadlineMs - clock.now()));
        const reply = decodeReply(
          (await transport.requestWithHeaders(subject, payload, headers, timeoutMs)).payload,
        );
        if (reply.error === undefined || !isPassing(reply.error)) return reply;
        cause = reply.error;
      } catch (error) {
        // Too large at every attempt; nothing was written.
        if (error instanceof MessageTooLargeError) throw error;
        if (error instanceof TransportDisconnectedError)
          throw new StoreUnavailableError(stream, { cause: error });
        cause = error;
      }
      const waitMs = retryMs + retryJitterMs * random.next();
      if (clock.now() + waitMs >= deadlineMs) throw new StoreUnavailableError(stream, { cause });
      await new Promise<void>((resolve) => clock.setTimer(waitMs, resolve));
    }
  }
}
