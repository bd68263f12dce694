import type { Clock } from '../../clock.ts';
import { FenceRejectedError, StoreUnavailableError, WrongSequenceError } from '../../errors.ts';
import { optionNames, requireKnownOptions } from '../../known-options.ts';
import type { Random } from '../../random.ts';
import type { HeaderTransport } from '../../transport/transport.ts';
import type { ApiReply } from '../jetstream/jetstream-client.ts';
import { type ApiError, errorCode, troubleOf } from '../jetstream/jetstream-errors.ts';
import { type AppendExpectation, checkExpectation } from './append-expectation.ts';
import type { Store, StoredRecord } from './store.ts';
import type { PubAck, StoredMessage, StreamInfo } from './store-replies.ts';
import { StoreRequests } from './store-requests.ts';
import { checkStream, requireStreamSpec, type StreamSpec } from './stream-spec.ts';

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
  /** Limit for one operation, all attempts together. @default 5_000 */
  readonly operationTimeoutMs?: number;
}

const defaultOperationTimeoutMs = 5_000;
/** Reads of one `readAllLast` at the same time. */
const readsInFlight = 64;

/**
 * Durable records in JetStream. Every append carries a message id, so that a second attempt after an unknown outcome
 * writes nothing twice within the stream's two-minute window.
 */
export class JetStreamStore implements Store {
  readonly #requests: StoreRequests;
  readonly #random: Random;

  constructor(options: JetStreamStoreOptions) {
    requireKnownOptions('options', options, storeOptions);
    const { transport, clock, random, operationTimeoutMs = defaultOperationTimeoutMs } = options;
    this.#requests = new StoreRequests({ transport, clock, random, operationTimeoutMs });
    this.#random = random;
  }

  async ensureStream(spec: StreamSpec): Promise<void> {
    requireStreamSpec(spec);
    const reply = await this.#requests.api(spec.name, `STREAM.CREATE.${spec.name}`, {
      name: spec.name,
      subjects: spec.subjects,
      max_msgs_per_subject: spec.historyPerSubject ?? 1,
      num_replicas: spec.replicas ?? 1,
      retention: 'limits',
      storage: 'file',
      discard: 'old',
      duplicate_window: 120_000_000_000,
      // A direct get may come from a replica that lags behind, so no decision may rest on it (ADR-8).
      allow_direct: false,
      allow_atomic: true,
    });
    if (reply.error === undefined) return;
    // The server checks the replicas before the name, so look for an existing stream with another spec first.
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
    const reply = (await this.#requests.write(stream, subject, payload, headers)) as ApiReply<PubAck>;
    if (reply.error === undefined) return { sequence: reply.seq };
    if (reply.error.err_code !== errorCode.wrongLastSequence) {
      throw refusedBy(stream, reply.error);
    }
    // The server checks the expectation before the message id (2.15.1): an earlier attempt of this same write may have
    // changed the sequence that this attempt expects.
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

  /** Read from the stream's leader, never from a replica. */
  async #readMessage(stream: string, subject: string): Promise<StoredMessage | undefined> {
    const reply = (await this.#requests.api(stream, `STREAM.MSG.GET.${stream}`, {
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
    const reply = (await this.#requests.api(stream, `STREAM.INFO.${stream}`, query)) as ApiReply<StreamInfo>;
    if (reply.error !== undefined) throw refusedBy(stream, reply.error);
    return reply;
  }
}

function refusedBy(stream: string, error: ApiError): StoreUnavailableError {
  return new StoreUnavailableError(stream, { cause: error, trouble: troubleOf(error) });
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
