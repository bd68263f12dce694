import {
  FenceRejectedError,
  MessageTooLargeError,
  StoreUnavailableError,
  WrongSequenceError,
} from '../../errors.ts';
import { subjectMatches } from '../../transport/subject-match.ts';
import { type AppendExpectation, checkExpectation } from './append-expectation.ts';
import type { Store, StoredRecord } from './store.ts';
import { checkStream, requireStreamSpec, type StreamSpec } from './stream-spec.ts';

/** Default `max_payload` of a nats-server. */
const maxRecordBytes = 1024 * 1024;

interface Stream {
  readonly spec: StreamSpec;
  lastSequence: number;
  readonly bySubject: Map<string, StoredRecord[]>;
  readonly messageIds: Map<string, number>;
}

/** The store in memory, for tests: nodes that get the same instance share its records. */
export class MemoryStore implements Store {
  /** `up` · `down`: refuses every operation · `deaf`: performs every operation and reports none as done. */
  state: 'up' | 'down' | 'deaf' = 'up';
  readonly #streams = new Map<string, Stream>();

  async ensureStream(spec: StreamSpec): Promise<void> {
    requireStreamSpec(spec);
    this.#requireUp(spec.name);
    const existing = this.#streams.get(spec.name);
    if (existing === undefined) {
      this.#streams.set(spec.name, { spec, lastSequence: 0, bySubject: new Map(), messageIds: new Map() });
    } else {
      const { subjects, historyPerSubject = 1, replicas = 1 } = existing.spec;
      checkStream(spec, { subjects, historyPerSubject, replicas });
    }
    this.#requireConfirmed(spec.name);
  }

  async append(
    stream: string,
    subject: string,
    payload: Uint8Array,
    expect?: AppendExpectation,
  ): Promise<{ sequence: number }> {
    checkExpectation(expect);
    this.#requireUp(stream);
    if (payload.length > maxRecordBytes)
      throw new MessageTooLargeError(subject, payload.length, maxRecordBytes);
    const target = this.#stream(stream);
    if (!target.spec.subjects.some((pattern) => subjectMatches(pattern, subject)))
      throw new StoreUnavailableError(stream);
    const sequence = this.#attemptAppend(target, stream, subject, payload, expect);
    this.#requireConfirmed(stream);
    return { sequence };
  }

  async readLast(stream: string, subject: string): Promise<StoredRecord | undefined> {
    this.#requireUp(stream);
    const record = this.#stream(stream).bySubject.get(subject)?.at(-1);
    this.#requireConfirmed(stream);
    return record === undefined ? undefined : copyOf(record);
  }

  async readAllLast(stream: string, filter: string): Promise<StoredRecord[]> {
    this.#requireUp(stream);
    const found: StoredRecord[] = [];
    for (const [subject, records] of this.#stream(stream).bySubject) {
      const last = records.at(-1);
      if (last !== undefined && subjectMatches(filter, subject)) found.push(copyOf(last));
    }
    this.#requireConfirmed(stream);
    return found.toSorted((a, b) => a.sequence - b.sequence);
  }

  #attemptAppend(
    target: Stream,
    name: string,
    subject: string,
    payload: Uint8Array,
    expect: AppendExpectation | undefined,
  ): number {
    const { messageId, fence, lastSequence } = expect ?? {};
    // In the server's order: first the expectation, then the message id. The newest record may be this same write.
    const earlier = messageId === undefined ? undefined : target.messageIds.get(messageId);
    if (earlier !== undefined && lastOf(target, subject) === earlier) return earlier;
    if (fence !== undefined && lastOf(target, fence.subject) !== fence.sequence) {
      throw new FenceRejectedError(name, fence.sequence);
    }
    if (lastSequence !== undefined && lastOf(target, subject) !== lastSequence) {
      throw new WrongSequenceError(subject);
    }
    if (earlier !== undefined) return earlier;
    const sequence = ++target.lastSequence;
    const records = target.bySubject.get(subject) ?? [];
    records.push({ subject, sequence, payload: payload.slice() });
    if (records.length > (target.spec.historyPerSubject ?? 1)) records.shift();
    target.bySubject.set(subject, records);
    if (messageId !== undefined) target.messageIds.set(messageId, sequence);
    return sequence;
  }

  #stream(name: string): Stream {
    const stream = this.#streams.get(name);
    if (stream === undefined) throw new StoreUnavailableError(name, { trouble: 'store-missing' });
    return stream;
  }

  #requireUp(stream: string): void {
    if (this.state === 'down') throw new StoreUnavailableError(stream);
  }

  #requireConfirmed(stream: string): void {
    if (this.state === 'deaf') throw new StoreUnavailableError(stream);
  }
}

function lastOf(stream: Stream, subject: string): number {
  return stream.bySubject.get(subject)?.at(-1)?.sequence ?? 0;
}

function copyOf(record: StoredRecord): StoredRecord {
  return { ...record, payload: record.payload.slice() };
}
