import type { Clock, Timer } from '../clock.ts';
import { InvalidArgumentError, StoreUnavailableError } from '../errors.ts';
import type { Logger } from '../logger.ts';
import { bucketLog, type BucketSpec, bucketLogSpec, keySubject } from '../storage/key-value/bucket-spec.ts';
import type { LogInfo } from '../storage/log/log-spec.ts';
import type { AppendOutcome, Expectation, LogRecord, NewRecord } from '../storage/log/log.ts';
import { type LogWatch, watchLog } from '../storage/log/watch-log.ts';
import type { NodeStorage } from '../storage/node-storage.ts';
import { Barrier } from './barrier.ts';
import { EchoAppends } from './echo-appends.ts';
import { removalMarkerMs } from './key-records.ts';
import { absentValue, type StoredValue, storedValueOf } from './stored-value.ts';
import { ValueCache } from './value-cache.ts';

/** What a `MemoryBucket` works with. */
export interface MemoryBucketOptions {
  readonly spec: BucketSpec;
  readonly node: string;
  readonly storage: NodeStorage;
  readonly clock: Clock;
  readonly log: Logger;
  /** Whether this node may create the bucket. Others wait until it exists. */
  readonly isCreator: boolean;
  /** Makes what belongs to the bucket beside it, before the bucket opens. Called on a creator. */
  readonly prepare?: () => Promise<void>;
  readonly cacheBytes: number;
  /** A record was announced or found after a gap: in order, each once. Must not throw. */
  readonly onChange: (stored: StoredValue) => void;
  /** Every value that was reported is void. */
  readonly onReset: (reason: string) => void;
}

/** How often the leader of the bucket is asked for its newest sequence. */
const lookMs = 1_000;
const openRetryMs = 500;
/** How long an operation waits for a bucket that is not open yet, or for a leader that lags behind. */
const patienceMs = 5_000;
const staleRetryMs = 25;
/** Changed keys whose newest revision is remembered. */
const maxRevisions = 65_536;
/** Records by which a watch may be behind; with more, an empty cache is quicker than reading all of them. */
const farBehind = 200_000;
/** From this share of its limit on, the bucket is asked whether it refuses a write. */
const nearlyFullShare = 0.9;
/** After a longer time without evidence, markers of removed keys may be gone, and the cache begins anew. */
const longestGapMs = removalMarkerMs / 2;

/** A bucket that is open: what the leader reported, and how to prove reads. */
interface OpenBucket {
  readonly created: string;
  readonly watch: LogWatch;
}

/**
 * One bucket of values as this node sees it: reads at the leader, a cache that the feed of the bucket keeps fresh, and
 * the age of that knowledge. Opens itself again when the bucket was lost or replaced.
 */
export class MemoryBucket {
  readonly name: string;
  readonly logName: string;
  readonly cache: ValueCache;
  readonly barrier: Barrier;
  readonly #echoes: EchoAppends;
  readonly #options: MemoryBucketOptions;
  readonly #clock: Clock;
  #open: OpenBucket | undefined;
  #opening: Promise<void> | undefined;
  #failure: unknown;
  #timer: Timer | undefined;
  #isClosed = false;
  #bytes = 0;
  /** Clock instant at which the cache was known to miss no accepted change. */
  #currentAtMs = Number.NEGATIVE_INFINITY;
  /** A look that the watch has not caught up with yet. */
  #behind: { readonly sequence: number; readonly askedAtMs: number } | undefined;
  /** Own writes that were confirmed and not yet announced, by sequence, with the instant of confirmation. */
  readonly #unheard = new Map<number, number>();
  #delayMs = 0;
  /** Times that the bucket was found to be lost, replaced or rolled back. */
  resets = 0;

  constructor(options: MemoryBucketOptions) {
    this.#options = options;
    this.#clock = options.clock;
    this.name = options.spec.name;
    this.logName = bucketLog(this.name);
    this.cache = new ValueCache(options.cacheBytes, maxRevisions);
    const { writer } = options.storage;
    this.#echoes = new EchoAppends({ log: options.storage.log, logName: this.logName, clock: this.#clock });
    this.barrier = new Barrier({ writer, log: this.logName, bucket: this.name, node: options.node });
  }

  /** Begins to open the bucket and to look at it regularly. */
  start(): void {
    void this.#openNow();
    this.#schedule();
  }

  close(): void {
    this.#isClosed = true;
    this.#timer?.cancel();
    this.#open?.watch.close();
  }

  get isOpen(): boolean {
    return this.#open !== undefined;
  }

  /** Bytes of all values, as of the last look. */
  get bytes(): number {
    return this.#bytes;
  }

  /** Milliseconds since the cache was known to miss nothing; infinite before it ever was. */
  get ageMs(): number {
    return this.ageAt(this.#clock.now());
  }

  /** As `ageMs`, at an instant of the clock that the caller has read. */
  ageAt(nowMs: number): number {
    return Math.max(0, nowMs - this.#currentAtMs);
  }

  /** Time by which this node is behind: the delay of its last own write, or its age while it hears nothing. */
  get lagMs(): number {
    const { ageMs } = this;
    return ageMs > 2 * lookMs ? ageMs : this.#delayMs;
  }

  /** Resolves when the bucket is open. @throws StoreUnavailableError it cannot be opened */
  async ready(): Promise<void> {
    const deadline = this.#clock.now() + patienceMs;
    while (this.#open === undefined) {
      await this.#openNow();
      if (this.#open !== undefined) return;
      if (this.#isClosed || this.#clock.now() + openRetryMs > deadline) throw this.#unavailable();
      await this.#pause(openRetryMs);
    }
  }

  /**
   * Reads a key from the leader of the bucket, and takes the value into the cache. Never older than what this node has
   * seen.
   *
   * @throws StoreUnavailableError
   */
  async read(key: string): Promise<StoredValue> {
    await this.ready();
    const deadline = this.#clock.now() + patienceMs;
    for (;;) {
      const record = await this.#options.storage.log.readLast(this.logName, keySubject(this.name, key));
      const stored = record === undefined ? absentValue(key) : storedValueOf(this.name, record);
      if (this.cache.put(stored, this.#clock.now())) return stored;
      // The marker of a removal does not stay for ever.
      if (stored.kind === 'absent' && this.cache.mayBeAbsent(key)) return stored;
      if (this.#clock.now() + staleRetryMs > deadline) return this.#outdated(stored);
      await this.#pause(staleRetryMs);
    }
  }

  /**
   * Reads a key and proves that the value was current at a moment during the call.
   *
   * @param guess a value that may be current: where it is, one round trip is enough
   * @throws StoreUnavailableError
   */
  async fresh(key: string, guess?: StoredValue): Promise<StoredValue> {
    await this.ready();
    const deadline = this.#clock.now() + patienceMs;
    let stored = guess ?? (await this.read(key));
    while (!(await this.barrier.prove(key, stored.sequence))) {
      if (this.#clock.now() > deadline) throw new StoreUnavailableError(this.logName);
      if (guess === undefined) await this.#pause(staleRetryMs);
      this.cache.drop(key);
      stored = await this.read(key);
      guess = undefined;
    }
    return stored;
  }

  /**
   * How to make the first attempt of a write on the value: on the feed, where its echo is the answer. Undefined where
   * the feed does not tell: it is not read as it is announced, or the newest record of the key ends by itself.
   */
  attemptOn(
    stored: StoredValue,
    expect: Expectation,
  ): ((record: NewRecord & { readonly messageId: string }) => Promise<AppendOutcome>) | undefined {
    const isEnding =
      stored.kind === 'deleted' || stored.kind === 'expired' || stored.meta.expiresAtMs !== undefined;
    const { maxBytes = 0 } = this.#options.spec;
    const isNearlyFull = maxBytes > 0 && this.#bytes > maxBytes * nearlyFullShare;
    if (isEnding || isNearlyFull || !this.#echoes.isUsable) return undefined;
    if (this.#open?.watch.isLive !== true) return undefined;
    return (record) => {
      // Where a newer record was announced before, it refuses the write, and its echo does not come again.
      const isRefused = this.cache.newest(stored.key) > stored.sequence;
      if (isRefused) return this.#options.storage.log.append(this.logName, record, expect);
      return this.#echoes.append(record, expect);
    };
  }

  /** The own write of a record was confirmed. */
  written(stored: StoredValue): void {
    if (stored.sequence < (this.#open?.watch.next ?? 0)) this.#delayMs = 0;
    else if (this.#unheard.size < 1_000) this.#unheard.set(stored.sequence, this.#clock.now());
    this.cache.put(stored);
  }

  /** The leader goes on to answer with less than this node has seen. */
  #outdated(stored: StoredValue): StoredValue {
    if (stored.kind !== 'absent') throw new StoreUnavailableError(this.logName);
    // Somebody removed the record and its marker, with a tool or by a time to live.
    this.cache.forget(stored.key);
    return stored;
  }

  #openNow(): Promise<void> {
    if (this.#isClosed || this.#open !== undefined) return Promise.resolve();
    this.#opening ??= this.#tryOpen().finally(() => {
      this.#opening = undefined;
    });
    return this.#opening;
  }

  async #tryOpen(): Promise<void> {
    const { storage, clock, isCreator } = this.#options;
    const askedAtMs = clock.now();
    try {
      if (isCreator) await this.#options.prepare?.();
      const info = await (isCreator ? this.#ensure() : storage.log.info(this.logName));
      const watch = await watchLog({
        log: storage.log,
        name: this.logName,
        clock,
        from: info.lastSequence + 1,
        watchdogMs: 'none',
        onRecord: (record, isAnnounced) => this.#take(record, isAnnounced),
        onReset: (reason) => this.#reset(reason),
      });
      if (this.#isClosed) return watch.close();
      this.#open = { created: info.created, watch };
      this.#bytes = info.bytes;
      this.#currentAtMs = askedAtMs;
      this.#failure = undefined;
    } catch (error) {
      this.#failure = error;
    }
  }

  /**
   * Creates the bucket, or takes it as it is: an operator may have changed its limits or its replicas. Revisions begin
   * with the wall clock, so that those of a bucket that was lost are not issued again.
   */
  async #ensure(): Promise<LogInfo> {
    const { storage, clock, spec, log } = this.#options;
    const firstRevision = Math.floor(clock.wallNow());
    try {
      return await storage.log.ensure(bucketLogSpec({ ...spec, firstRevision }));
    } catch (error) {
      if (!(error instanceof InvalidArgumentError)) throw error;
      log.warn(
        { bucket: this.name, reason: error.message },
        'a memory bucket exists with other limits; using it',
      );
      return storage.log.info(this.logName);
    }
  }

  #schedule(): void {
    this.#timer = this.#clock.setTimer(lookMs, () => {
      if (this.#isClosed) return;
      void (this.#open === undefined ? this.#openNow() : this.#look());
      this.#schedule();
    });
  }

  /** Asks the leader what the newest sequence is: once the watch has it, the cache is as new as the question. */
  async #look(): Promise<void> {
    const askedAtMs = this.#clock.now();
    const open = this.#open;
    try {
      const info = await this.#options.storage.log.info(this.logName);
      if (open !== undefined && open === this.#open) this.#compare(open, info, askedAtMs);
    } catch (error) {
      const isMissing = error instanceof StoreUnavailableError && error.code === 'store-missing';
      if (isMissing && open === this.#open) this.#reset('missing', error);
    }
  }

  #compare(open: OpenBucket, info: LogInfo, askedAtMs: number): void {
    const { created, watch } = open;
    if (info.created !== created) return this.#reset('replaced');
    this.#bytes = info.bytes;
    if (info.lastSequence - watch.next > farBehind) return this.#reset('far-behind');
    watch.noteInfo(info);
    if (open !== this.#open) return;
    if (watch.next > info.lastSequence) this.#current(askedAtMs);
    else this.#behind = { sequence: info.lastSequence, askedAtMs };
  }

  #current(atMs: number): void {
    this.#behind = undefined;
    if (atMs - this.#currentAtMs > longestGapMs) this.cache.clear();
    this.#currentAtMs = Math.max(this.#currentAtMs, atMs);
  }

  #take(record: LogRecord, isAnnounced: boolean): void {
    if (isAnnounced) this.#echoes.saw(record);
    else this.#echoes.lose(new StoreUnavailableError(this.logName));
    const confirmedAtMs = this.#unheard.get(record.sequence);
    if (confirmedAtMs !== undefined) {
      this.#unheard.delete(record.sequence);
      this.#delayMs = this.#clock.now() - confirmedAtMs;
    }
    if (this.#behind !== undefined && record.sequence >= this.#behind.sequence)
      this.#current(this.#behind.askedAtMs);
    // Records of the node itself, such as barriers.
    if (record.subject.startsWith(`$KV.${this.name}._.`)) return;
    const stored = storedValueOf(this.name, record);
    this.cache.update(stored);
    this.#options.onChange(stored);
  }

  #reset(reason: string, failure?: unknown): void {
    this.#open?.watch.close();
    this.#open = undefined;
    this.#echoes.lose(failure);
    this.#failure = failure;
    this.#behind = undefined;
    this.#unheard.clear();
    this.cache.reset();
    this.resets++;
    this.#options.log.warn(
      { bucket: this.name, reason },
      'a memory bucket was lost or replaced; opening it again',
    );
    this.#options.onReset(reason);
    void this.#openNow();
  }

  #unavailable(): StoreUnavailableError {
    const { code } = this.#failure instanceof StoreUnavailableError ? this.#failure : { code: undefined };
    return new StoreUnavailableError(this.logName, {
      cause: this.#failure,
      ...(code === undefined ? {} : { trouble: code }),
    });
  }

  async #pause(ms: number): Promise<void> {
    await new Promise<void>((resolve) => this.#clock.setTimer(ms, resolve));
  }
}
