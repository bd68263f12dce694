import type { Clock } from '../clock.ts';
import {
  FenceRejectedError,
  MessageTooLargeError,
  type StoreTrouble,
  StoreUnavailableError,
  TransportDisconnectedError,
  WrongSequenceError,
} from '../errors.ts';
import type { Random } from '../random.ts';
import type { HeaderTransport } from '../transport/transport.ts';
import {
  type ApiError,
  type ApiReply,
  decodeReply,
  errorCode,
  type PubAck,
  type StoredMessage,
  type StreamInfo,
  troubleOf,
} from './jetstream-api.ts';
import { checkExpectation } from './memory-store.ts';
import { checkStream, requireStreamSpec } from './check-stream.ts';
import type { AppendExpectation, Store, StoredRecord, StreamSpec } from './store.ts';
import { optionNames, requireKnownOptions } from '../known-options.ts';

const storeOptions = optionNames<JetStreamStoreOptions>({
  transport: true,
  clock: true,
  random: true,
  operationTimeoutMs: true,
});

/** Connection, time and limits of a `JetStreamStore`. */
export interface JetStreamStoreOptions {
  readonly transport: HeaderTransport;
  readonly clock: Clock;
  readonly random: Random;
  /** How long one operation may try, all attempts together. @default 5_000 */
  readonly operationTimeoutMs?: number;
}

const defaultOperationTimeoutMs = 5_000;
/** How long one attempt waits for its answer; a stream leader that moves costs some of these. */
const attemptTimeoutMs = 1_000;
const retryMs = 20;
const retryJitterMs = 60;
/** Reads of one `readAllLast` in flight at once. */
const readsInFlight = 64;

/**
 * Durable records in JetStream, by its raw API: the client library writes into the options it is given and hides the
 * codes that tell a deposed writer (10071) from a check in flight (10164).
 *
 * Every append carries a message id, so that trying again after an unknown outcome is harmless within the stream's
 * two-minute window.
 */
export class JetStreamStore implements Store {
  readonly #transport: HeaderTransport;
  readonly #clock: Clock;
  readonly #random: Random;
  readonly #operationTimeoutMs: number;

  constructor(options: JetStreamStoreOptions) {
    requireKnownOptions('options', options, storeOptions);
    this.#transport = options.transport;
    this.#clock = options.clock;
    this.#random = options.random;
    this.#operationTimeoutMs = options.operationTimeoutMs ?? defaultOperationTimeoutMs;
  }

  async ensureStream(spec: StreamSpec): Promise<void> {
    requireStreamSpec(spec);
    const reply = await this.#api(spec.name, `STREAM.CREATE.${spec.name}`, {
      name: spec.name,
      subjects: spec.subjects,
      max_msgs_per_subject: spec.historyPerSubject ?? 1,
      num_replicas: spec.replicas ?? 1,
      retention: 'limits',
      storage: 'file',
      discard: 'old',
      duplicate_window: 120_000_000_000,
      // A direct get may be served by a replica that lags behind: decisions are never made on it (ADR-8).
      allow_direct: false,
      allow_atomic: true,
    });
    if (reply.error === undefined) return;
    // The server checks replicas before the name: look for an existing, different stream first.
    const { error } = reply;
    const { config } = await this.#info(spec.name).catch(() => {
      throw refusedBy(spec.name, error);
    });
    checkStream(spec, {
      subjects: config.subjects,
      historyPerSubject: config.max_msgs_per_subject,
      replicas: config.num_replicas,
    });
    if (error.err_code !== errorCode.streamNameInUse) throw refusedBy(spec.name, error);
  }

  async append(
    stream: string,
    subject: string,
    payload: Uint8Array,
    expect?: AppendExpectation,
  ): Promise<{ sequence: number }> {
    checkExpectation(expect);
    const messageId = expect?.messageId ?? this.#random.id();
    const headers = appendHeaders(stream, subject, expect, messageId);
    const reply = (await this.#attemptWrite(stream, subject, payload, headers)) as ApiReply<PubAck>;
    if (reply.error === undefined) return { sequence: reply.seq };
    if (reply.error.err_code !== errorCode.wrongLastSequence) {
      throw refusedBy(stream, reply.error);
    }
    // The server looks at the expectation before the message id (2.15.1): what an earlier attempt of this very
    // write changed can be what is in its way now.
    const newest = await this.#readMessage(stream, subject);
    if (newest !== undefined && messageIdOf(newest) === messageId) return { sequence: newest.seq };
    if (expect?.fence !== undefined) {
      throw new FenceRejectedError(stream, expect.fence.sequence, { cause: reply.error });
    }
    throw new WrongSequenceError(subject, { cause: reply.error });
  }

  async readLast(stream: string, subject: string): Promise<StoredRecord | undefined> {
    const message = await this.#readMessage(stream, subject);
    return message === undefined ? undefined : recordOf(message);
  }

  async readAllLast(stream: string, filter: string): Promise<StoredRecord[]> {
    const subjects = Object.keys((await this.#info(stream, filter)).state.subjects ?? {});
    const found: StoredRecord[] = [];
    for (let i = 0; i < subjects.length; i += readsInFlight) {
      const records = await Promise.all(
        subjects.slice(i, i + readsInFlight).map((subject) => this.readLast(stream, subject)),
      );
      for (const record of records) if (record !== undefined) found.push(record);
    }
    return found.toSorted((a, b) => a.sequence - b.sequence);
  }

  /** From the stream's leader, never from a replica. */
  async #readMessage(stream: string, subject: string): Promise<StoredMessage | undefined> {
    const reply = (await this.#api(stream, `STREAM.MSG.GET.${stream}`, {
      last_by_subj: subject,
    })) as ApiReply<{
      message: StoredMessage;
    }>;
    if (reply.error === undefined) return reply.message;
    if (reply.error.err_code === errorCode.noMessageFound) return undefined;
    throw refusedBy(stream, reply.error);
  }

  async #info(stream: string, filter?: string): Promise<StreamInfo> {
    const query = filter === undefined ? {} : { subjects_filter: filter };
    const reply = (await this.#api(stream, `STREAM.INFO.${stream}`, query)) as ApiReply<StreamInfo>;
    if (reply.error !== undefined) throw refusedBy(stream, reply.error);
    return reply;
  }

  #api(stream: string, operation: string, query: object): Promise<ApiReply<object>> {
    return this.#attempt(
      stream,
      `$JS.API.${operation}`,
      new TextEncoder().encode(JSON.stringify(query)),
      undefined,
    );
  }

  /** As `attempt`; for an unconfirmed write, the stream's state decides the error code. */
  async #attemptWrite(
    stream: string,
    subject: string,
    payload: Uint8Array,
    headers: Readonly<Record<string, string>>,
  ): Promise<ApiReply<object>> {
    try {
      return await this.#attempt(stream, subject, payload, headers);
    } catch (error) {
      if (!(error instanceof StoreUnavailableError) || !this.#transport.connected) throw error;
      const trouble = await this.#troubleOfStream(stream);
      throw trouble === error.code
        ? error
        : new StoreUnavailableError(stream, { cause: error.cause, trouble });
    }
  }

  /** Measured on nats-server 2.15.1: during and after a full disk, a publish gets no answer while the API answers at once. */
  async #troubleOfStream(stream: string): Promise<StoreTrouble> {
    const question = new TextEncoder().encode('{}');
    try {
      const subject = `$JS.API.STREAM.INFO.${stream}`;
      const { payload } = await this.#transport.requestWithHeaders(
        subject,
        question,
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
   * Asks until there is an answer that says something. A stream without a leader looks like no responders or a
   * server error (503), a check in flight like 10164: neither means that a newer writer exists.
   */
  async #attempt(
    stream: string,
    subject: string,
    payload: Uint8Array,
    headers: Readonly<Record<string, string>> | undefined,
  ): Promise<ApiReply<object>> {
    const deadline = this.#clock.now() + this.#operationTimeoutMs;
    for (;;) {
      let cause: unknown;
      try {
        const timeoutMs = Math.max(1, Math.min(attemptTimeoutMs, deadline - this.#clock.now()));
        const reply = decodeReply(
          (await this.#transport.requestWithHeaders(subject, payload, headers, timeoutMs)).payload,
        );
        if (reply.error === undefined || !isPassing(reply.error)) return reply;
        cause = reply.error;
      } catch (error) {
        // It would be too large at every attempt, and has changed nothing.
        if (error instanceof MessageTooLargeError) throw error;
        if (error instanceof TransportDisconnectedError)
          throw new StoreUnavailableError(stream, { cause: error });
        cause = error;
      }
      const waitMs = retryMs + retryJitterMs * this.#random.next();
      if (this.#clock.now() + waitMs >= deadline) throw new StoreUnavailableError(stream, { cause });
      await new Promise<void>((resolve) => this.#clock.setTimer(waitMs, resolve));
    }
  }
}

function refusedBy(stream: string, error: ApiError): StoreUnavailableError {
  return new StoreUnavailableError(stream, { cause: error, trouble: troubleOf(error) });
}

function isPassing(error: { code: number; err_code: number }): boolean {
  return error.err_code === errorCode.checkInFlight || error.code === 503 || error.code === 429;
}

function appendHeaders(
  stream: string,
  subject: string,
  expect: AppendExpectation | undefined,
  messageId: string,
): Record<string, string> {
  const fields: Record<string, string> = { 'Nats-Msg-Id': messageId, 'Nats-Expected-Stream': stream };
  const sequence = expect?.fence?.sequence ?? expect?.lastSequence;
  if (sequence !== undefined) {
    fields['Nats-Expected-Last-Subject-Sequence'] = String(sequence);
    fields['Nats-Expected-Last-Subject-Sequence-Subject'] = expect?.fence?.subject ?? subject;
  }
  return fields;
}

function messageIdOf({ hdrs }: StoredMessage): string | undefined {
  const lines = Buffer.from(hdrs ?? '', 'base64')
    .toString()
    .split('\r\n');
  return lines
    .find((line) => line.startsWith('Nats-Msg-Id:'))
    ?.slice('Nats-Msg-Id:'.length)
    .trim();
}

function recordOf(message: StoredMessage): StoredRecord {
  return {
    subject: message.subject,
    sequence: message.seq,
    payload: new Uint8Array(Buffer.from(message.data ?? '', 'base64')),
  };
}
