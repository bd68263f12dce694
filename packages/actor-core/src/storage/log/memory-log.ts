import type { Clock, Timer } from '../../clock.ts';
import { InvalidArgumentError, MessageTooLargeError, StoreUnavailableError } from '../../errors.ts';
import type { Scheduler } from '../../scheduler.ts';
import { subjectMatches } from '../../transport/subject-match.ts';
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
import type { LogFault, LogFaults, LogOperation } from './log-fault.ts';
import {
  lacksFeed,
  type LogInfo,
  type LogLimits,
  type LogSpec,
  requireSameLog,
  resolveLogSpec,
} from './log-spec.ts';
import { MemoryStream } from './memory-stream.ts';
import { DirectPath, type StorePath } from './store-path.ts';

/** What logs in memory run on. */
export interface MemoryLogsOptions {
  readonly clock: Clock;
  /** Announces accepted records: one task for each follower and record, in order. */
  readonly scheduler: Scheduler;
}

/** As a nats-server's `max_payload` is by default. */
const maxRecordBytes = 1024 * 1024;
/** Newest records of a log that a replica which lags behind does not have. */
const staleRecords = 3;

interface Subscriber {
  readonly node: string;
  readonly log: string;
  readonly follower: LogFollower;
  readonly path: StorePath;
  readonly stopListening: () => void;
}

/** The logs of one JetStream in memory, shared by the nodes that connect to it; with faults on demand. */
export class MemoryLogs {
  readonly #clock: Clock;
  readonly #scheduler: Scheduler;
  /** Decides about every operation of every node that has a direct path. @default nothing goes wrong */
  faults: LogFaults | undefined = undefined;
  readonly #streams = new Map<string, MemoryStream>();
  readonly #subscribers = new Set<Subscriber>();
  readonly #timers = new Set<Timer>();
  readonly #listeners = new Set<(log: string, record: LogRecord) => void>();
  #creations = 0;

  constructor(options: MemoryLogsOptions) {
    this.#clock = options.clock;
    this.#scheduler = options.scheduler;
  }

  /** The logs as that node reaches them. `path`: its way to them. @default a direct one, with `faults` */
  connect(node: string, path: StorePath = this.directPath()): MemoryLog {
    return new MemoryLog(this, node, path);
  }

  /** A way to the logs on which each operation is done at once, unless `faults` decides otherwise. */
  directPath(): StorePath {
    return new DirectPath({ clock: this.#clock, scheduler: this.#scheduler, faults: () => this.faults });
  }

  /** Calls the listener with each record at its acceptance, past all faults. Returns the unsubscriber. */
  onAccepted(listener: (log: string, record: LogRecord) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** Names of the logs that exist. */
  get names(): readonly string[] {
    return [...this.#streams.keys()];
  }

  /** Loses everything, as a server that starts without its store does. */
  wipe(): void {
    for (const timer of this.#timers) timer.cancel();
    this.#timers.clear();
    this.#streams.clear();
  }

  /** Loses the newest records of a log, as a power cut does to what was not synced yet. */
  rollBack(log: string, records: number): void {
    this.stream(log).rollBack(records);
  }

  /** Loses one log, as if an operator had deleted its stream. */
  delete(log: string): void {
    this.#streams.delete(log);
  }

  /** Loses which message ids a log accepted. @default all logs */
  forgetMessageIds(log?: string): void {
    for (const name of log === undefined ? this.names : [log]) this.stream(name).forgetMessageIds();
  }

  /** @throws StoreUnavailableError for a log that does not exist. @internal */
  stream(log: string): MemoryStream {
    const stream = this.#streams.get(log);
    if (stream === undefined) throw new StoreUnavailableError(log, { trouble: 'store-missing' });
    return stream;
  }

  /** @throws StoreUnavailableError for a log that does not exist. @internal */
  info(log: string): LogInfo {
    return { ...this.stream(log).info, answeredAtMs: this.#clock.wallNow() };
  }

  /** @internal */
  ensure(spec: LogSpec): LogInfo {
    const full = resolveLogSpec(spec);
    const existing = this.#streams.get(spec.name);
    if (existing === undefined) {
      const stream = new MemoryStream(full, `${this.#clock.wallNow()}-${++this.#creations}`);
      this.#streams.set(spec.name, stream);
      return this.info(spec.name);
    }
    if (lacksFeed(spec, existing.spec)) existing.addFeed(full);
    requireSameLog(spec, existing.spec);
    return this.info(spec.name);
  }

  /** @internal */
  resize(log: string, limits: LogLimits): LogInfo {
    this.stream(log).resize(limits);
    return this.info(log);
  }

  /** @internal */
  append(log: string, records: readonly BatchRecord[]): AppendOutcome {
    const stream = this.#streams.get(log);
    const [first] = records;
    // A subject that no log stores has no subscriber on a real server.
    if (stream === undefined || first === undefined || !stores(stream, records))
      return { kind: 'unanswered', cause: new StoreUnavailableError(log) };
    const limitBytes = Math.min(maxRecordBytes, stream.spec.maxRecordBytes || maxRecordBytes);
    for (const { subject, payload } of records)
      if (payload.length > limitBytes) throw new MessageTooLargeError(subject, payload.length, limitBytes);
    const before = stream.info.lastSequence;
    const outcome = stream.attempt(records, this.#clock.wallNow());
    for (const [index, record] of records.entries())
      this.#afterAccept(stream, record, stream.at(before + 1 + index));
    return outcome;
  }

  /** @throws InvalidArgumentError for a log without a feed. @internal */
  requireFeed(log: string): void {
    if (this.stream(log).spec.feed === '')
      throw new InvalidArgumentError('log', `${log} has no feed: state one in its spec`);
  }

  /** @internal */
  follow(subscriber: Omit<Subscriber, 'stopListening'>): Following {
    const { follower, path } = subscriber;
    const stopListening = path.onInterrupted(() => follower.onInterrupted?.());
    const subscribed: Subscriber = { ...subscriber, stopListening };
    this.#subscribers.add(subscribed);
    return { close: () => this.#unfollow(subscribed) };
  }

  #unfollow(subscriber: Subscriber): void {
    this.#subscribers.delete(subscriber);
    subscriber.stopListening();
  }

  #afterAccept(stream: MemoryStream, record: NewRecord, accepted: LogRecord | undefined): void {
    if (accepted === undefined) return;
    for (const listener of this.#listeners) listener(stream.spec.name, accepted);
    this.#announce(stream, accepted);
    const { ttlMs, delivery } = record;
    const lifetimeMs = lifetimeOf(stream, ttlMs);
    if (lifetimeMs !== undefined) this.#after(lifetimeMs, () => this.#expire(stream, accepted));
    if (delivery !== undefined)
      this.#after(delivery.atMs - this.#clock.wallNow(), () =>
        this.#deliver(stream, accepted, delivery.target),
      );
  }

  #expire(stream: MemoryStream, record: LogRecord): void {
    const isNewest = stream.newest(record.subject) === record;
    // After a loss of records the sequence may belong to another record.
    if (stream.at(record.sequence) !== record) return;
    stream.remove(record.sequence);
    const { markerTtlMs } = stream.spec;
    if (!isNewest || record.isExpiry || markerTtlMs === 0) return;
    const marker: NewRecord = { subject: record.subject, payload: new Uint8Array(0), ttlMs: markerTtlMs };
    this.#afterAccept(stream, marker, stream.accept(marker, this.#clock.wallNow(), true));
  }

  #deliver(stream: MemoryStream, record: LogRecord, target: string): void {
    if (stream.at(record.sequence) !== record) return;
    stream.remove(record.sequence);
    const moved: NewRecord = { subject: target, payload: record.payload, headers: record.headers };
    this.#afterAccept(stream, moved, stream.accept(moved, this.#clock.wallNow()));
  }

  #announce(stream: MemoryStream, record: LogRecord): void {
    const { feed, feedHeadersOnly, name } = stream.spec;
    if (feed === '') return;
    const announced = feedHeadersOnly ? { ...record, payload: new Uint8Array(0) } : record;
    for (const subscriber of this.#subscribers) {
      const { node, log, follower, path } = subscriber;
      if (log !== name || !subjectMatches(follower.filter ?? '>', record.subject)) continue;
      const isThere = path.announce({ node, log, kind: 'announce' }, () => {
        if (this.#subscribers.has(subscriber)) follower.onRecord(announced);
      });
      if (!isThere) this.#unfollow(subscriber);
    }
  }

  #after(delayMs: number, callback: () => void): void {
    const timer = this.#clock.setTimer(Math.max(0, delayMs), () => {
      this.#timers.delete(timer);
      callback();
    });
    this.#timers.add(timer);
  }
}

/** One node's way to a `MemoryLogs`. */
export class MemoryLog implements Log {
  readonly #logs: MemoryLogs;
  readonly #node: string;
  readonly #path: StorePath;

  constructor(logs: MemoryLogs, node: string, path: StorePath) {
    this.#logs = logs;
    this.#node = node;
    this.#path = path;
  }

  ensure(spec: LogSpec): Promise<LogInfo> {
    return this.#perform(spec.name, 'ensure', () => this.#logs.ensure(spec));
  }

  resize(log: string, limits: LogLimits): Promise<LogInfo> {
    return this.#perform(log, 'ensure', () => this.#logs.resize(log, limits));
  }

  info(log: string): Promise<LogInfo> {
    return this.#perform(log, 'read', () => this.#logs.info(log));
  }

  append(log: string, record: NewRecord, expect?: Expectation): Promise<AppendOutcome> {
    return this.#append(log, false, () => {
      requireRecord(record, expect);
      return [expect === undefined ? record : { ...record, expect }];
    });
  }

  send(log: string, record: NewRecord, expect?: Expectation): boolean {
    requireRecord(record, expect);
    this.append(log, record, expect).catch(() => undefined);
    return true;
  }

  appendBatch(log: string, records: readonly BatchRecord[]): Promise<AppendOutcome> {
    return this.#append(log, true, () => {
      requireBatch(records);
      return records;
    });
  }

  readLast(log: string, subject: string): Promise<LogRecord | undefined> {
    return this.#perform(log, 'read', (fault) => {
      const stream = this.#logs.stream(log);
      return fault === 'stale-read' ? stream.stale(subject) : stream.newest(subject);
    });
  }

  read(log: string, sequence: number): Promise<LogRecord | undefined> {
    return this.#perform(log, 'read', () => this.#logs.stream(log).at(sequence));
  }

  readForward(log: string, query: ForwardQuery): Promise<LogPage> {
    return this.#perform(log, 'read', (fault) => {
      const stream = this.#logs.stream(log);
      const { limit = defaultPage.forward, filter = '>', from } = query;
      const last = stream.info.lastSequence - (fault === 'stale-read' ? staleRecords : 0);
      const records: LogRecord[] = [];
      for (const record of fault === 'stale-read'
        ? stream.fromStale(from, filter, last)
        : stream.from(from, filter)) {
        if (records.length === limit) return { records, next: record.sequence, isEnd: false };
        records.push(record);
      }
      return { records, next: Math.max(from, last + 1), isEnd: true };
    });
  }

  async *readAllLast(
    log: string,
    filter: string,
    pageRecords: number = defaultPage.last,
  ): AsyncGenerator<readonly LogRecord[]> {
    const all = await this.#perform(log, 'read', () => this.#logs.stream(log).lastUnder(filter));
    for (let at = 0; at < all.length; at += pageRecords) yield all.slice(at, at + pageRecords);
  }

  listSubjects(log: string, filter: string): Promise<readonly string[]> {
    return this.#perform(log, 'read', () =>
      this.#logs
        .stream(log)
        .lastUnder(filter)
        .map(({ subject }) => subject),
    );
  }

  deleteRecord(log: string, sequence: number): Promise<boolean> {
    return this.#perform(log, 'remove', () => this.#logs.stream(log).remove(sequence) !== undefined);
  }

  purge(log: string, query: { readonly subject: string; readonly upTo?: number }): Promise<number> {
    return this.#perform(log, 'remove', () => {
      const stream = this.#logs.stream(log);
      const { subject, upTo = Infinity } = query;
      const gone = [...stream.from(0, subject)].filter((record) => record.sequence <= upTo);
      for (const record of gone) stream.remove(record.sequence);
      return gone.length;
    });
  }

  async follow(log: string, follower: LogFollower): Promise<Following> {
    // As in the adapter of JetStream: the log is looked up, and then the process subscribes by itself.
    await this.#perform(log, 'follow', () => this.#logs.requireFeed(log));
    return this.#logs.follow({ node: this.#node, log, follower, path: this.#path });
  }

  async #append(
    log: string,
    isBatch: boolean,
    records: () => readonly BatchRecord[],
  ): Promise<AppendOutcome> {
    const checked = records();
    try {
      const operation: LogOperation = { node: this.#node, log, kind: 'append', isBatch };
      return await this.#path.perform(operation, (fault) => {
        if (fault === 'check-in-flight') return { kind: 'check-in-flight' };
        if (fault === 'full') return storeFull;
        return this.#logs.append(log, checked);
      });
    } catch (error) {
      if (!(error instanceof StoreUnavailableError)) throw error;
      return { kind: 'unanswered', cause: error.cause ?? error };
    }
  }

  #perform<T>(log: string, kind: LogOperation['kind'], act: (fault?: LogFault) => T): Promise<T> {
    return this.#path.perform({ node: this.#node, log, kind }, act);
  }
}

const storeFull: AppendOutcome = {
  kind: 'refused',
  trouble: 'store-full',
  isTransient: false,
  cause: 'insufficient storage resources available',
};

function stores(stream: MemoryStream, records: readonly NewRecord[]): boolean {
  return records.every(({ subject }) =>
    stream.spec.subjects.some((pattern) => subjectMatches(pattern, subject)),
  );
}

/** Time until a record is removed; undefined for never. nats-server raises it as described at `markerTtlMs`. */
function lifetimeOf({ spec }: MemoryStream, ttlMs: number | undefined): number | undefined {
  const { maxAgeMs, markerTtlMs, historyPerSubject } = spec;
  const wholeMs = ttlMs === undefined ? Infinity : Math.ceil(ttlMs / 1_000) * 1_000;
  const raisedMs = historyPerSubject === 1 ? wholeMs : Math.max(wholeMs, markerTtlMs);
  const lifetimeMs = Math.min(raisedMs, maxAgeMs === 0 ? Infinity : maxAgeMs);
  return lifetimeMs === Infinity ? undefined : lifetimeMs;
}
