import { subjectMatches } from '../../transport/subject-match.ts';
import type { AppendOutcome, BatchRecord, Expectation, LogRecord, NewRecord } from './log.ts';
import type { FullLogSpec, LogInfo, LogLimits } from './log-spec.ts';

/** One log in memory: what a stream of nats-server accepts, keeps and removes. Time is given by the caller. */
export class MemoryStream {
  spec: FullLogSpec;
  readonly created: string;
  #lastSequence: number;
  #bytes = 0;
  readonly #bySequence = new Map<number, LogRecord>();
  readonly #bySubject = new Map<string, LogRecord[]>();
  /** By subject, the record before the newest one: what a replica that lags behind still has. */
  readonly #previous = new Map<string, LogRecord>();
  readonly #messageIds = new Map<string, { readonly sequence: number; readonly atMs: number }>();

  constructor(spec: FullLogSpec, created: string) {
    this.spec = spec;
    this.created = created;
    this.#lastSequence = spec.firstSequence - 1;
  }

  get info(): Omit<LogInfo, 'answeredAtMs'> {
    return {
      spec: this.spec,
      created: this.created,
      firstSequence: this.#bySequence.keys().next().value ?? this.#lastSequence + 1,
      lastSequence: this.#lastSequence,
      records: this.#bySequence.size,
      bytes: this.#bytes,
      copies: this.spec.replicas,
    };
  }

  /** Announces what is accepted from now on. */
  addFeed({ feed, feedHeadersOnly }: FullLogSpec): void {
    this.spec = { ...this.spec, feed, feedHeadersOnly };
  }

  /** Ages are not played here: a log in memory removes nothing by age. */
  resize(limits: LogLimits): void {
    this.spec = { ...this.spec, ...limits };
    if (limits.maxBytes > 0) this.#removeDownTo(limits.maxBytes);
  }

  /** As the server does on one replica (2.15.1): first the expectations, then the message ids, then the space. */
  attempt(records: readonly BatchRecord[], nowMs: number): AppendOutcome {
    for (const { expect } of records) {
      if (expect === undefined) continue;
      const actual = this.#newestSequence(expect);
      if (actual !== expect.sequence) return { kind: 'wrong-sequence', actual };
    }
    const earlier = this.#earlierOf(records, nowMs);
    if (earlier !== undefined)
      return records.length === 1
        ? { kind: 'appended', sequence: earlier, isDuplicate: true }
        : { kind: 'duplicate' };
    if (!this.#hasSpace(records))
      return { kind: 'refused', trouble: 'store-full', isTransient: false, cause: 'maximum bytes exceeded' };
    let sequence = 0;
    for (const record of records) ({ sequence } = this.accept(record, nowMs));
    return { kind: 'appended', sequence, isDuplicate: false };
  }

  /** Accepts a record without any check. */
  accept(record: NewRecord, nowMs: number, isExpiry = false): LogRecord {
    const accepted: LogRecord = {
      subject: record.subject,
      sequence: ++this.#lastSequence,
      payload: record.payload.slice(),
      headers: { ...record.headers },
      messageId: record.messageId,
      acceptedAtMs: nowMs,
      isExpiry,
      replacesSubject: record.replacesSubject ?? false,
    };
    if (accepted.replacesSubject) this.#removeAll(record.subject);
    this.#bySequence.set(accepted.sequence, accepted);
    this.#bytes += sizeOf(accepted);
    const records = this.#of(record.subject);
    const previous = records.at(-1);
    if (previous !== undefined) this.#previous.set(record.subject, previous);
    if (records.length === 0) this.#bySubject.set(record.subject, [accepted]);
    else records.push(accepted);
    if (accepted.messageId !== undefined)
      this.#messageIds.set(accepted.messageId, { sequence: accepted.sequence, atMs: nowMs });
    this.#applyLimits(record.subject);
    return accepted;
  }

  #removeAll(subject: string): void {
    for (const sequence of this.#of(subject).map((record) => record.sequence)) this.remove(sequence);
  }

  remove(sequence: number): LogRecord | undefined {
    const record = this.#bySequence.get(sequence);
    if (record === undefined) return undefined;
    this.#bySequence.delete(sequence);
    this.#bytes -= sizeOf(record);
    const records = this.#of(record.subject);
    records.splice(records.indexOf(record), 1);
    if (records.length === 0) this.#bySubject.delete(record.subject);
    return record;
  }

  at(sequence: number): LogRecord | undefined {
    return this.#bySequence.get(sequence);
  }

  /** The newest record of the subjects that match. */
  newest(pattern: string): LogRecord | undefined {
    if (!isPattern(pattern)) return this.#of(pattern).at(-1);
    let newest: LogRecord | undefined;
    for (const record of this.lastUnder(pattern))
      if (newest === undefined || record.sequence > newest.sequence) newest = record;
    return newest;
  }

  /** What a lagging replica answers for the newest record of a subject. */
  stale(subject: string): LogRecord | undefined {
    return this.#previous.get(subject);
  }

  /**
   * As `from`, on a replica that has the records up to and with `last` only. It still has the newest of those that
   * later records have replaced.
   */
  fromStale(sequence: number, filter: string, last: number): LogRecord[] {
    const kept = [...this.from(sequence, filter)].filter((record) => record.sequence <= last);
    const replaced = [...this.#previous.values()].filter(
      (record) =>
        record.sequence >= sequence &&
        record.sequence <= last &&
        subjectMatches(filter, record.subject) &&
        (this.newest(record.subject)?.sequence ?? 0) > last &&
        !this.#bySequence.has(record.sequence),
    );
    return [...kept, ...replaced].toSorted((a, b) => a.sequence - b.sequence);
  }

  /** The newest record of each subject that matches, in sequence order. */
  lastUnder(filter: string): LogRecord[] {
    const found: LogRecord[] = [];
    for (const [subject, records] of this.#bySubject) {
      const last = records.at(-1);
      if (last !== undefined && subjectMatches(filter, subject)) found.push(last);
    }
    return found.toSorted((a, b) => a.sequence - b.sequence);
  }

  /** Records from a sequence on, in order. */
  *from(sequence: number, filter: string): Generator<LogRecord> {
    for (const record of this.#candidates(sequence, filter))
      if (record.sequence >= sequence && subjectMatches(filter, record.subject)) yield record;
  }

  /** Records among which are all from that sequence on under the filter: as few as is cheap to tell. */
  #candidates(sequence: number, filter: string): Iterable<LogRecord> {
    if (!isPattern(filter)) return [...this.#of(filter)];
    const isNearEnd = this.#lastSequence - sequence < this.#bySequence.size / 2;
    return isNearEnd ? this.#since(sequence) : this.#bySequence.values();
  }

  *#since(from: number): Generator<LogRecord> {
    for (let sequence = from; sequence <= this.#lastSequence; sequence++) {
      const record = this.#bySequence.get(sequence);
      if (record !== undefined) yield record;
    }
  }

  /** Forgets the newest records and their sequences, as a power cut does to what was not synced yet. */
  rollBack(records: number): void {
    const newest = [...this.#bySequence.keys()].slice(-records);
    for (const sequence of newest) {
      const messageId = this.remove(sequence)?.messageId;
      if (messageId !== undefined) this.#messageIds.delete(messageId);
    }
    this.#lastSequence -= newest.length;
  }

  /** Forgets which message ids were accepted, as a server that restarts after the window does. */
  forgetMessageIds(): void {
    this.#messageIds.clear();
  }

  #of(subject: string): LogRecord[] {
    return this.#bySubject.get(subject) ?? [];
  }

  #newestSequence({ subject }: Expectation): number {
    return this.newest(subject)?.sequence ?? 0;
  }

  #earlierOf(records: readonly BatchRecord[], nowMs: number): number | undefined {
    for (const { messageId } of records) {
      const earlier = messageId === undefined ? undefined : this.#messageIds.get(messageId);
      if (earlier !== undefined && nowMs - earlier.atMs < this.spec.dedupeMs) return earlier.sequence;
    }
    return undefined;
  }

  #hasSpace(records: readonly NewRecord[]): boolean {
    if (this.spec.discard === 'old' || this.spec.maxBytes === 0) return true;
    return this.#bytes + records.reduce((sum, record) => sum + sizeOf(record), 0) <= this.spec.maxBytes;
  }

  #removeDownTo(maxBytes: number): void {
    for (const sequence of this.#bySequence.keys()) {
      if (this.#bytes <= maxBytes || this.#bySequence.size === 1) return;
      this.remove(sequence);
    }
  }

  #applyLimits(subject: string): void {
    const { historyPerSubject, maxBytes } = this.spec;
    const records = this.#of(subject);
    const oldest = records[0];
    if (historyPerSubject > 0 && records.length > historyPerSubject && oldest !== undefined)
      this.remove(oldest.sequence);
    if (maxBytes > 0) this.#removeDownTo(maxBytes);
  }
}

/** Does the subject hold a wildcard? */
function isPattern(subject: string): boolean {
  return /(^|\.)[*>](\.|$)/.test(subject);
}

function sizeOf({ subject, payload }: Pick<NewRecord, 'subject' | 'payload'>): number {
  return subject.length + payload.length;
}
