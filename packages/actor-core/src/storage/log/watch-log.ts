import type { Clock, Timer } from '../../clock.ts';
import { subjectMatches } from '../../transport/subject-match.ts';
import {
  beginWatch,
  decideAnnounced,
  decideBefore,
  decideInfo,
  decidePage,
  type ResetReason,
  type WatchDecision,
  type WatchState,
} from './decide-watch.ts';
import type { LogInfo } from './log-spec.ts';
import type { Following, Log, LogRecord } from './log.ts';

/** What a watch of a log delivers, and to whom. */
export interface WatchOptions {
  readonly log: Log;
  readonly name: string;
  readonly clock: Clock;
  /** First sequence that is delivered. @default 1 */
  readonly from?: number;
  /** Subjects that are delivered, wildcards allowed. @default all */
  readonly filter?: string;
  /**
   * Longest time without progress before the leader is asked whether the log grew. `'none'` where the caller asks
   * regularly and passes the answers to `LogWatch.noteInfo`. @default 3_000
   */
  readonly watchdogMs?: number | 'none';
  /** Pause before a failed read is repeated. @default 250 */
  readonly retryMs?: number;
  /**
   * A record, in order, each once. Must not throw. `isAnnounced`: it was announced right after the one before it, so
   * that there is none between them; else it was read, and records between them may have been removed.
   */
  readonly onRecord: (record: LogRecord, isAnnounced: boolean) => void;
  /**
   * Everything that was in the log at some instant after the start was delivered. Called once, and after each reset.
   */
  readonly onCaughtUp?: () => void;
  /** All records delivered so far are void: the log starts from the beginning, and its records follow. */
  readonly onReset?: (reason: ResetReason) => void;
}

/** A watch that runs until it is closed. */
export interface LogWatch {
  /** The next sequence that it waits for. */
  readonly next: number;
  /** Records are delivered as they are announced; false while pages are read. */
  readonly isLive: boolean;
  /** Reads of pages so far, for diagnosis: a healthy feed needs few. */
  readonly reads: number;
  /** Takes a state of the log that the leader has reported right now. Does the work of the watchdog. */
  noteInfo(info: LogInfo): void;
  /** Ends the watch. Nothing is delivered afterwards. */
  close(): void;
}

const defaultWatchdogMs = 3_000;
const defaultRetryMs = 250;

/**
 * Delivers the records of a log in order, each once, and goes on as the log grows. See `decide-watch.ts` for the rules.
 * It does not use a consumer of JetStream: those were silent for 88 s after the loss of a server (reference: nats.md
 * 4f).
 *
 * @throws InvalidArgumentError for a log without a feed
 * @throws StoreUnavailableError the log could not be reached at the start
 */
export async function watchLog(options: WatchOptions): Promise<LogWatch> {
  const watch = new RunningWatch(options);
  await watch.start();
  return watch;
}

class RunningWatch implements LogWatch {
  readonly #options: WatchOptions;
  #state: WatchState;
  #following: Following | undefined = undefined;
  #watchdog: Timer | undefined = undefined;
  #isReading = false;
  #isAsking = false;
  #isClosed = false;
  /** `next` at the last look at the log. */
  #nextAtLook = 0;
  reads = 0;

  constructor(options: WatchOptions) {
    this.#options = options;
    this.#state = beginWatch(options.from ?? 1).state;
  }

  get next(): number {
    return this.#state.next;
  }

  get isLive(): boolean {
    return this.#state.phase === 'live';
  }

  async start(): Promise<void> {
    const { log, name } = this.#options;
    // Follow before reading, so that records accepted in between are announced.
    this.#following = await log.follow(name, {
      onRecord: (record) => this.#apply(decideAnnounced(this.#state, record), true),
      onInterrupted: () => void this.#ask(false),
    });
    try {
      const { created, spec } = await log.info(name);
      this.#state = { ...this.#state, created, first: spec.firstSequence };
    } catch (error) {
      this.close();
      throw error;
    }
    this.#startWatchdog();
    void this.#read();
  }

  noteInfo(info: LogInfo): void {
    const isSilent = this.#state.next === this.#nextAtLook;
    this.#nextAtLook = this.#state.next;
    // While records arrive, those that the leader has already are on their way.
    if (isSilent) this.#apply(decideInfo(this.#state, info, true));
  }

  close(): void {
    this.#isClosed = true;
    this.#following?.close();
    this.#watchdog?.cancel();
  }

  #apply({ state, effects }: WatchDecision, isAnnounced = false): void {
    if (this.#isClosed) return;
    this.#state = state;
    const { filter, onRecord, onCaughtUp, onReset } = this.#options;
    for (const effect of effects) {
      if (this.#isClosed) return;
      switch (effect.do) {
        case 'deliver':
          if (filter === undefined || subjectMatches(filter, effect.record.subject))
            onRecord(effect.record, isAnnounced);
          break;
        case 'read':
          void this.#read();
          break;
        case 'ask':
          void this.#ask(false);
          break;
        case 'report-caught-up':
          onCaughtUp?.();
          break;
        case 'report-reset':
          onReset?.(effect.reason);
          break;
      }
    }
  }

  /** Reads pages while there are any; one read at a time. */
  async #read(): Promise<void> {
    if (this.#isReading) return;
    this.#isReading = true;
    const { log, name, filter, clock, retryMs = defaultRetryMs } = this.#options;
    let isChecked = false;
    while (!this.#isClosed && this.#state.phase === 'reading') {
      this.reads++;
      const { next: from, created } = this.#state;
      try {
        if (!isChecked && this.#state.isCaughtUp && (await this.#isAnother(from - 1))) continue;
        isChecked = true;
        const page = await log.readForward(name, { from, ...(filter === undefined ? {} : { filter }) });
        // After a reset during the read, the page belongs to the previous log.
        if (created === this.#state.created && from === this.#state.next)
          this.#apply(decidePage(this.#state, page));
      } catch {
        await new Promise<void>((resolve) => clock.setTimer(retryMs, resolve));
      }
    }
    this.#isReading = false;
  }

  /** Whether the log has another record with that sequence than the one that was delivered. Then it begins again. */
  async #isAnother(sequence: number): Promise<boolean> {
    const { created, newestAtMs } = this.#state;
    if (!Number.isFinite(newestAtMs)) return false;
    const record = await this.#options.log.read(this.#options.name, sequence);
    const isStill = created === this.#state.created && sequence === this.#state.next - 1;
    const decision = isStill ? decideBefore(this.#state, record) : undefined;
    if (decision !== undefined) this.#apply(decision);
    return decision !== undefined;
  }

  /** Asks the leader whether the log grew, or is another one. */
  async #ask(isWatchdog: boolean): Promise<void> {
    if (this.#isAsking || this.#isClosed) return;
    this.#isAsking = true;
    try {
      const info = await this.#options.log.info(this.#options.name);
      // Only now, because records were delivered while the answer was on its way.
      this.#apply(decideInfo(this.#state, info, isWatchdog));
    } catch {
      // The watchdog asks again.
    }
    this.#isAsking = false;
  }

  #startWatchdog(): void {
    const { clock, watchdogMs = defaultWatchdogMs } = this.#options;
    this.#nextAtLook = this.#state.next;
    if (watchdogMs === 'none') return;
    this.#watchdog = clock.setTimer(watchdogMs, () => {
      if (this.#isClosed) return;
      if (this.#state.next === this.#nextAtLook) void this.#ask(true);
      this.#startWatchdog();
    });
  }
}
