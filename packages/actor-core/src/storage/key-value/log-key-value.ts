import type { Clock } from '../../clock.ts';
import { InvalidArgumentError } from '../../errors.ts';
import type { WriteOutcome } from '../log/decide-write.ts';
import type { Expectation, Log, NewRecord } from '../log/log.ts';
import type { LogInfo } from '../log/log-spec.ts';
import type { RecordWriter } from '../log/record-writer.ts';
import { watchLog } from '../log/watch-log.ts';
import { bucketLog, bucketLogSpec, type BucketSpec, keyFilter, keySubject } from './bucket-spec.ts';
import { batchRecord, changeOf, deleteRecord, purgeRecord, putRecord } from './key-record.ts';
import type {
  BatchChange,
  Bucket,
  BucketWatch,
  BucketWatchOptions,
  KeyEntry,
  KeyOutcome,
  KeyValue,
  PutOptions,
} from './key-value.ts';

/** What a `LogKeyValue` works with. */
export interface LogKeyValueOptions {
  readonly log: Log;
  readonly writer: RecordWriter;
  readonly clock: Clock;
}

/** Attempts to create a key whose removal markers change meanwhile. */
const maxCreateAttempts = 8;

/** Buckets that are logs: a key is a subject, its revision a sequence. */
export class LogKeyValue implements KeyValue {
  readonly #options: LogKeyValueOptions;

  constructor(options: LogKeyValueOptions) {
    this.#options = options;
  }

  async ensure(spec: BucketSpec): Promise<Bucket> {
    const info = await this.#options.log.ensure(bucketLogSpec(spec));
    return new LogBucket(spec.name, info.spec.historyPerSubject, this.#options);
  }

  async open(name: string): Promise<Bucket> {
    const info = await this.#options.log.info(bucketLog(name));
    return new LogBucket(name, info.spec.historyPerSubject, this.#options);
  }
}

class LogBucket implements Bucket {
  readonly name: string;
  readonly #logName: string;
  readonly #history: number;
  readonly #log: Log;
  readonly #writer: RecordWriter;
  readonly #clock: Clock;

  constructor(name: string, history: number, options: LogKeyValueOptions) {
    this.name = name;
    this.#logName = bucketLog(name);
    this.#history = history;
    this.#log = options.log;
    this.#writer = options.writer;
    this.#clock = options.clock;
  }

  async get(key: string): Promise<KeyEntry | undefined> {
    const record = await this.#log.readLast(this.#logName, keySubject(this.name, key));
    if (record === undefined) return undefined;
    const { kind, ...entry } = changeOf(this.name, record);
    return kind === 'put' ? entry : undefined;
  }

  async put(key: string, value: Uint8Array, options?: PutOptions): Promise<number> {
    const outcome = await this.#writer.write(this.#logName, this.#putRecord(key, value, options));
    // Without an expectation nothing is rejected.
    return outcome.kind === 'written' ? outcome.sequence : 0;
  }

  async create(key: string, value: Uint8Array, options?: PutOptions): Promise<KeyOutcome> {
    const record = this.#putRecord(key, value, options);
    let revision = 0;
    for (let attempt = 1; ; attempt++) {
      const outcome = await this.#write(record, revision);
      if (outcome.kind === 'written' || attempt === maxCreateAttempts) return outcome;
      // The newest record may be the marker of a removal. Then the key has no value and can be created.
      const newest = await this.#log.readLast(this.#logName, record.subject);
      if (newest !== undefined && changeOf(this.name, newest).kind === 'put') return outcome;
      revision = newest?.sequence ?? 0;
    }
  }

  async update(key: string, value: Uint8Array, revision: number, options?: PutOptions): Promise<KeyOutcome> {
    return this.#write(this.#putRecord(key, value, options), revision);
  }

  async delete(key: string, options: { readonly revision?: number } = {}): Promise<KeyOutcome> {
    return this.#write(deleteRecord(this.name, key), options.revision);
  }

  async purge(
    key: string,
    options: { readonly revision?: number; readonly markerTtlMs?: number } = {},
  ): Promise<KeyOutcome> {
    return this.#write(purgeRecord(this.name, key, options.markerTtlMs), options.revision);
  }

  async batch(changes: readonly BatchChange[]): Promise<KeyOutcome> {
    for (const change of changes) if (change.kind === 'put') this.#requireTtl(change.ttlMs);
    const records = changes.map((change) => batchRecord(this.name, change));
    return keyOutcomeOf(await this.#writer.writeBatch(this.#logName, records));
  }

  async *entries(filter: string = '>'): AsyncGenerator<readonly KeyEntry[]> {
    for await (const page of this.#log.readAllLast(this.#logName, keyFilter(this.name, filter))) {
      const entries: KeyEntry[] = [];
      for (const record of page) {
        const { kind, ...entry } = changeOf(this.name, record);
        if (kind === 'put') entries.push(entry);
      }
      yield entries;
    }
  }

  watch(options: BucketWatchOptions): Promise<BucketWatch> {
    const { filter, fromRevision, watchdogMs, onCaughtUp, onReset } = options;
    return watchLog({
      log: this.#log,
      name: this.#logName,
      clock: this.#clock,
      onRecord: (record) => options.onChange(changeOf(this.name, record)),
      ...(filter === undefined ? {} : { filter: keyFilter(this.name, filter) }),
      ...(fromRevision === undefined ? {} : { from: fromRevision }),
      ...(watchdogMs === undefined ? {} : { watchdogMs }),
      ...(onCaughtUp === undefined ? {} : { onCaughtUp }),
      ...(onReset === undefined ? {} : { onReset }),
    });
  }

  info(): Promise<LogInfo> {
    return this.#log.info(this.#logName);
  }

  #putRecord(key: string, value: Uint8Array, options: PutOptions | undefined): NewRecord {
    this.#requireTtl(options?.ttlMs);
    return putRecord(this.name, key, value, options?.ttlMs);
  }

  #requireTtl(ttlMs: number | undefined): void {
    if (ttlMs !== undefined && this.#history !== 1)
      throw new InvalidArgumentError(
        'ttlMs',
        `needs a history of 1, and ${this.name} keeps ${this.#history}`,
      );
  }

  async #write(record: NewRecord, revision: number | undefined): Promise<KeyOutcome> {
    const expect = revision === undefined ? undefined : expectationOf(record, revision);
    return keyOutcomeOf(await this.#writer.write(this.#logName, record, expect));
  }
}

function expectationOf({ subject }: NewRecord, revision: number): Expectation {
  return { subject, sequence: revision };
}

function keyOutcomeOf(outcome: WriteOutcome): KeyOutcome {
  return outcome.kind === 'written'
    ? { kind: 'written', revision: outcome.sequence }
    : { kind: 'conflict', actual: outcome.actual };
}
