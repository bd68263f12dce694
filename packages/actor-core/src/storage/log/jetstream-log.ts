import { InvalidArgumentError, MessageTooLargeError, StoreUnavailableError } from '../../errors.ts';
import { type JetStreamClient, refusal } from '../jetstream/jetstream-client.ts';
import { InFlightLimit } from '../jetstream/in-flight-limit.ts';
import { PacedSends } from '../jetstream/paced-sends.ts';
import { errorCode } from '../jetstream/jetstream-errors.ts';
import { appendOutcomeOf, type PublishReply } from './jetstream-append.ts';
import { JetStreamFeeds } from './jetstream-feeds.ts';
import { readRange, type RangeReader } from './jetstream-range.ts';
import { addBatchHeaders, appendHeaders, recordOfStored, type StoredMessage } from './jetstream-record.ts';
import { feedConfigOf, logInfoOf, type StreamInfo, streamConfigOf } from './jetstream-stream.ts';
import { requireBatch, requireRecord } from './check-record.ts';
import {
  type AppendOutcome,
  type BatchRecord,
  defaultPage,
  type Expectation,
  type Following,
  type ForwardQuery,
  type Log,
  type LogFollower,
  type LogPage,
  type LogRecord,
  type NewRecord,
} from './log.ts';
import {
  type FullLogSpec,
  lacksFeed,
  type LogInfo,
  type LogLimits,
  type LogSpec,
  requireSameLog,
  resolveLogSpec,
} from './log-spec.ts';

/** How long one attempt to append a record, or a batch, waits for its reply. */
const appendTimeoutMs = 1_000;
const batchTimeoutMs = 3_000;
/** How long a read waits for the newest record to be readable, and between two looks. */
const coverTimeoutMs = 2_000;
const coverPauseMs = 50;
/** Reads of one page that are in flight at once. More only makes each slower (measured: nats.md 4d). */
const readsInFlight = 64;

/** Plain appends in flight at once to one log. More only makes each slower (measured: nats.md 4d). */
const appendsInFlight = 512;
/** Batches in flight at once. A stream works on one batch at a time, for 8 ms or more, and refuses the 51st. */
const batchesInFlight = 4;
/** Appends, and batches, that wait for their turn at most. */
const maxWaiting = 100_000;

/** How logs are created. */
export interface JetStreamLogOptions {
  /**
   * Servers that keep a copy of each log, at least: 1, 3 or 5. A spec that states fewer gets as many, and a log that
   * exists with fewer grows when it is ensured. @default 1
   */
  readonly leastReplicas?: number;
}

/** Logs in JetStream. Every read is answered by the leader of the stream, never by a replica. */
export class JetStreamLog implements Log {
  readonly #client: JetStreamClient;
  readonly #leastReplicas: number;
  /** Specs of the logs that this process has ensured or looked at. */
  readonly #specs = new Map<string, FullLogSpec>();

  readonly #feeds: JetStreamFeeds;
  /** By log: one that does not answer holds up no other. */
  readonly #appends = new Map<string, PacedSends>();
  readonly #batches = new InFlightLimit(batchesInFlight, maxWaiting);

  constructor(client: JetStreamClient, { leastReplicas = 1 }: JetStreamLogOptions = {}) {
    this.#client = client;
    this.#leastReplicas = leastReplicas;
    this.#feeds = new JetStreamFeeds(client.transport);
  }

  async ensure(stated: LogSpec): Promise<LogInfo> {
    const spec = this.#withReplicas(stated);
    const full = resolveLogSpec({ replicas: this.#leastReplicas, ...spec });
    const reply = await this.#client.call<StreamInfo>(
      spec.name,
      `STREAM.CREATE.${spec.name}`,
      streamConfigOf(full),
    );
    if (reply.error === undefined) return this.#remember(logInfoOf(reply));
    const { error } = reply;
    // The server checks the replicas before the name. An existing stream that differs is the better explanation.
    let info = await this.info(spec.name).catch(() => {
      throw refusal(spec.name, error);
    });
    if (lacksFeed(spec, info.spec)) info = await this.#addFeed(full);
    if (info.spec.replicas < this.#leastReplicas) info = await this.#grow(spec.name);
    requireSameLog(spec, info.spec);
    if (error.err_code !== errorCode.streamNameInUse) throw refusal(spec.name, error);
    return info;
  }

  #withReplicas(spec: LogSpec): LogSpec {
    const { replicas } = spec;
    return replicas === undefined || replicas >= this.#leastReplicas
      ? spec
      : { ...spec, replicas: this.#leastReplicas };
  }

  /** The servers copy the log while it is used. */
  async #grow(log: string): Promise<LogInfo> {
    const { config } = await this.#client.require<StreamInfo>(log, `STREAM.INFO.${log}`);
    const grown = { ...config, num_replicas: this.#leastReplicas };
    return this.#remember(
      logInfoOf(await this.#client.require<StreamInfo>(log, `STREAM.UPDATE.${log}`, grown)),
    );
  }

  /** Logs of 0.3.0 have no feed. Adding one changes nothing for those who read and write the log. */
  async #addFeed({ name, feed, feedHeadersOnly }: FullLogSpec): Promise<LogInfo> {
    const { config } = await this.#client.require<StreamInfo>(name, `STREAM.INFO.${name}`);
    const changed = { ...config, ...feedConfigOf({ feed, feedHeadersOnly }) };
    return this.#remember(
      logInfoOf(await this.#client.require<StreamInfo>(name, `STREAM.UPDATE.${name}`, changed)),
    );
  }

  async resize(log: string, { maxAgeMs, maxBytes }: LogLimits): Promise<LogInfo> {
    const info = await this.#client.require<StreamInfo>(log, `STREAM.INFO.${log}`);
    const { max_age, max_bytes } = streamConfigOf({ ...logInfoOf(info).spec, maxAgeMs, maxBytes });
    const changed = { ...info.config, max_age, max_bytes };
    return this.#remember(
      logInfoOf(await this.#client.require<StreamInfo>(log, `STREAM.UPDATE.${log}`, changed)),
    );
  }

  async info(log: string): Promise<LogInfo> {
    return this.#remember(logInfoOf(await this.#client.require<StreamInfo>(log, `STREAM.INFO.${log}`)));
  }

  async append(log: string, record: NewRecord, expect?: Expectation): Promise<AppendOutcome> {
    requireRecord(record, expect);
    const fields = appendHeaders(log, record, expect);
    const sends = this.#appends.get(log) ?? this.#paced(log);
    return (await sends.run(() => this.#publish(log, record, fields, appendTimeoutMs))) ?? notSent(log);
  }

  send(log: string, record: NewRecord, expect?: Expectation): boolean {
    requireRecord(record, expect);
    const fields = appendHeaders(log, record, expect);
    return this.#client.transport.publishWithHeaders(record.subject, record.payload, { fields });
  }

  #paced(log: string): PacedSends {
    const sends = new PacedSends(appendsInFlight, maxWaiting, this.#client.clock);
    this.#appends.set(log, sends);
    return sends;
  }

  async appendBatch(log: string, records: readonly BatchRecord[]): Promise<AppendOutcome> {
    requireBatch(records);
    const { maxPayloadBytes } = this.#client.transport;
    for (const { subject, payload } of records)
      if (payload.length > maxPayloadBytes)
        throw new MessageTooLargeError(subject, payload.length, maxPayloadBytes);
    return (await this.#batches.run(() => this.#sendBatch(log, records))) ?? notSent(log);
  }

  async #sendBatch(log: string, records: readonly BatchRecord[]): Promise<AppendOutcome> {
    const id = this.#client.random.id();
    const fieldsOf = (record: BatchRecord, index: number) =>
      addBatchHeaders(appendHeaders(log, record, record.expect), {
        id,
        position: index + 1,
        size: records.length,
      });
    // Only the last record is answered. Where one before it is lost, the server refuses the batch.
    for (const [index, record] of records.slice(0, -1).entries()) {
      const fields = fieldsOf(record, index);
      if (!this.#client.transport.publishWithHeaders(record.subject, record.payload, { fields }))
        return notSent(log);
    }
    const last = records.at(-1) as BatchRecord;
    return this.#publish(log, last, fieldsOf(last, records.length - 1), batchTimeoutMs);
  }

  async readLast(log: string, subject: string): Promise<LogRecord | undefined> {
    return this.#get(log, { last_by_subj: subject });
  }

  async read(log: string, sequence: number): Promise<LogRecord | undefined> {
    return this.#get(log, { seq: sequence });
  }

  async readForward(log: string, query: ForwardQuery): Promise<LogPage> {
    const { lastSequence, records, spec } = await this.info(log);
    const hasRecords = records > 0 && query.from <= lastSequence;
    if (hasRecords && spec.retention === 'limits') await this.#untilCovered(log, lastSequence);
    const reader: RangeReader = (from) => this.#get(log, { seq: from, next_by_subj: query.filter ?? '>' });
    return readRange(reader, { ...query, upTo: lastSequence, limit: query.limit ?? defaultPage.forward });
  }

  async *readAllLast(
    log: string,
    filter: string,
    pageRecords: number = defaultPage.last,
  ): AsyncGenerator<readonly LogRecord[]> {
    const subjects = await this.listSubjects(log, filter);
    for (let at = 0; at < subjects.length; at += pageRecords)
      yield await this.#readLastOf(log, subjects.slice(at, at + pageRecords));
  }

  /** The server lists 100,000 subjects at most in one reply. */
  async listSubjects(log: string, filter: string): Promise<readonly string[]> {
    const subjects: string[] = [];
    for (;;) {
      const query = { subjects_filter: filter, offset: subjects.length };
      const info = await this.#client.require<StreamInfo & { readonly total?: number }>(
        log,
        `STREAM.INFO.${log}`,
        query,
      );
      const page = Object.keys(info.state.subjects ?? {});
      subjects.push(...page);
      if (page.length === 0 || subjects.length >= (info.total ?? 0)) return subjects;
    }
  }

  async deleteRecord(log: string, sequence: number): Promise<boolean> {
    const reply = await this.#client.call(log, `STREAM.MSG.DELETE.${log}`, { seq: sequence, no_erase: true });
    if (reply.error === undefined) return true;
    // `deleteFailed`: it was removed before; `sequenceNotFound`: it was never there.
    const { err_code: code } = reply.error;
    if (code === errorCode.deleteFailed || code === errorCode.sequenceNotFound) return false;
    throw refusal(log, reply.error);
  }

  async purge(log: string, query: { readonly subject: string; readonly upTo?: number }): Promise<number> {
    // The server removes what is below `seq`.
    const below = query.upTo === undefined ? {} : { seq: query.upTo + 1 };
    const reply = await this.#client.require<{ readonly purged: number }>(log, `STREAM.PURGE.${log}`, {
      filter: query.subject,
      ...below,
    });
    return reply.purged;
  }

  async follow(log: string, follower: LogFollower): Promise<Following> {
    const { feed } = this.#specs.get(log) ?? (await this.info(log)).spec;
    if (feed === '') throw new InvalidArgumentError('log', `${log} has no feed: state one in its spec`);
    return this.#feeds.follow(feed, follower);
  }

  #remember(info: LogInfo): LogInfo {
    this.#specs.set(info.spec.name, info.spec);
    return info;
  }

  async #publish(
    log: string,
    record: NewRecord,
    fields: Record<string, string>,
    timeoutMs: number,
  ): Promise<AppendOutcome> {
    try {
      const reply = await this.#client.attempt<PublishReply>(
        record.subject,
        record.payload,
        fields,
        timeoutMs,
      );
      const outcome = appendOutcomeOf(reply);
      if (outcome !== 'too-large') return outcome;
    } catch (cause) {
      if (cause instanceof MessageTooLargeError) throw cause;
      return { kind: 'unanswered', cause };
    }
    const limitBytes = this.#specs.get(log)?.maxRecordBytes ?? 0;
    throw new MessageTooLargeError(record.subject, record.payload.length, limitBytes);
  }

  async #get(log: string, query: object): Promise<LogRecord | undefined> {
    const reply = await this.#client.call<{ readonly message: StoredMessage }>(
      log,
      `STREAM.MSG.GET.${log}`,
      query,
    );
    if (reply.error === undefined) return recordOfStored(reply.message);
    if (reply.error.err_code === errorCode.noMessageFound) return undefined;
    throw refusal(log, reply.error);
  }

  /**
   * Waits until the server that answers reads has the newest record. After an election, reads may be answered without
   * records that were acknowledged before, and would look like gaps. A newest record that was removed costs the wait.
   */
  async #untilCovered(log: string, lastSequence: number): Promise<void> {
    const { clock } = this.#client;
    const deadlineMs = clock.now() + coverTimeoutMs;
    while ((await this.read(log, lastSequence)) === undefined && clock.now() < deadlineMs)
      await new Promise<void>((resolve) => clock.setTimer(coverPauseMs, resolve));
  }

  async #readLastOf(log: string, subjects: readonly string[]): Promise<LogRecord[]> {
    const found: LogRecord[] = [];
    for (let at = 0; at < subjects.length; at += readsInFlight) {
      const some = subjects.slice(at, at + readsInFlight);
      for (const record of await Promise.all(some.map((subject) => this.readLast(log, subject))))
        if (record !== undefined) found.push(record);
    }
    return found.toSorted((a, b) => a.sequence - b.sequence);
  }
}

/** The record, or the one that commits a batch, was not sent: nothing is accepted. */
function notSent(log: string): AppendOutcome {
  const cause = new StoreUnavailableError(log);
  return { kind: 'refused', trouble: 'store-unavailable', isTransient: true, cause };
}
