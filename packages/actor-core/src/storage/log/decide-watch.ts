import type { LogPage, LogRecord } from './log.ts';
import type { LogInfo } from './log-spec.ts';

/**
 * Decides how a watch delivers the records of a log in order. Announcements are fast, but some may be lost. Reads are
 * complete. While the announced sequences have no gap, the announced records are delivered. At a gap, after a
 * reconnection, and when the log grew although nothing was announced, the records are read from the leader instead. A
 * lost announcement costs one read, and never a record.
 *
 * The feed announces every record of the log. Its sequences therefore have no gaps, whatever the watch filters.
 */
export interface WatchState {
  /** Every record below this sequence was delivered or filtered out. */
  readonly next: number;
  /** The log that `next` counts in; undefined before the first look. */
  readonly created: string | undefined;
  /** First sequence of that log. */
  readonly first: number;
  /** `reading`: pages are read, and announcements only show that there are more records. */
  readonly phase: 'reading' | 'live';
  /** Highest announced sequence. */
  readonly announced: number;
  /** `onCaughtUp` was called. */
  readonly isCaughtUp: boolean;
  /**
   * Instant of acceptance of the newest record below `next`, by the server's wall clock. Infinite where that record was
   * not delivered: it was filtered out or removed, or is older than the watch.
   */
  readonly newestAtMs: number;
  /** How often in a row the log had fewer records than were delivered. */
  readonly shortInfos: number;
}

/** What the shell does next, in this order. */
export type WatchEffect =
  | { readonly do: 'deliver'; readonly record: LogRecord }
  /** Read the page that begins at `state.next`. */
  | { readonly do: 'read' }
  /** Ask for the state of the log, for `decideInfo`. */
  | { readonly do: 'ask' }
  | { readonly do: 'report-caught-up' }
  | { readonly do: 'report-reset'; readonly reason: ResetReason };

/** `replaced`: another log has the name now. `rolled-back`: the log lost records that were delivered. */
export type ResetReason = 'replaced' | 'rolled-back';

export interface WatchDecision {
  readonly state: WatchState;
  readonly effects: readonly WatchEffect[];
}

/**
 * How often in a row the log has to be short before it counts as rolled back. After the loss of a server, a server that
 * lags behind may answer as the leader for some seconds (measured on three servers).
 */
const shortInfosBelieved = 4;

/** A watch that begins with the record at `from`, and first reads. */
export function beginWatch(from: number): WatchDecision {
  const state: WatchState = {
    next: from,
    created: undefined,
    first: from,
    phase: 'reading',
    announced: 0,
    isCaughtUp: false,
    newestAtMs: Number.POSITIVE_INFINITY,
    shortInfos: 0,
  };
  return { state, effects: [{ do: 'read' }] };
}

/** A record was announced. */
export function decideAnnounced(state: WatchState, record: LogRecord): WatchDecision {
  const announced = Math.max(state.announced, record.sequence);
  if (state.phase === 'reading') return { state: { ...state, announced }, effects: [] };
  // Accepted later than a record with a higher sequence: the log issues sequences for the second time.
  if (record.sequence < state.next && record.acceptedAtMs > state.newestAtMs)
    return begunAgain(state.created, state.first, 'rolled-back');
  // An announcement that came after the read of its record; or the log was replaced.
  if (record.sequence < state.next) return { state, effects: [{ do: 'ask' }] };
  if (record.sequence === state.next)
    return {
      state: {
        ...state,
        announced,
        newestAtMs: record.acceptedAtMs,
        shortInfos: 0,
        next: record.sequence + 1,
      },
      effects: [{ do: 'deliver', record }],
    };
  return { state: { ...state, announced, phase: 'reading' }, effects: [{ do: 'read' }] };
}

/**
 * The record below `state.next` was read, before the records that follow it; undefined where it was removed. Where the
 * log was rolled back and has grown past `next` since, the sequence belongs to a later record.
 */
export function decideBefore(state: WatchState, record: LogRecord | undefined): WatchDecision | undefined {
  const isOther = record !== undefined && record.acceptedAtMs > state.newestAtMs;
  return isOther ? begunAgain(state.created, state.first, 'rolled-back') : undefined;
}

/** A page that began at `state.next` was read. */
export function decidePage(state: WatchState, page: LogPage): WatchDecision {
  const deliveries = page.records.map((record): WatchEffect => ({ do: 'deliver', record }));
  const next = Math.max(state.next, page.next);
  const newestAtMs = newestAfter(state, page, next);
  if (!page.isEnd || state.announced >= next)
    return { state: { ...state, next, newestAtMs }, effects: [...deliveries, { do: 'read' }] };
  const caughtUp: WatchEffect[] = state.isCaughtUp ? [] : [{ do: 'report-caught-up' }];
  return {
    state: { ...state, next, newestAtMs, phase: 'live', isCaughtUp: true },
    effects: [...deliveries, ...caughtUp],
  };
}

/** A page that covers no further record changes nothing. */
function newestAfter(state: WatchState, { records }: LogPage, next: number): number {
  if (next === state.next) return state.newestAtMs;
  const last = records.at(-1);
  return last?.sequence === next - 1 ? last.acceptedAtMs : Number.POSITIVE_INFINITY;
}

/** The state of the log was looked at: at the start, after a reconnection, and when the watchdog fires. */
export function decideInfo(
  state: WatchState,
  info: Pick<LogInfo, 'created' | 'lastSequence' | 'spec'>,
  isWatchdog: boolean,
): WatchDecision {
  const { created, lastSequence } = info;
  const first = info.spec.firstSequence;
  if (state.created !== undefined && created !== state.created) return begunAgain(created, first, 'replaced');
  const isShort = state.isCaughtUp && lastSequence < state.next - 1;
  // Only the regular looks count, for they are seconds apart.
  const shortInfos = isShort ? state.shortInfos + (isWatchdog ? 1 : 0) : 0;
  if (shortInfos === shortInfosBelieved) return begunAgain(created, first, 'rolled-back');
  const known: WatchState = { ...state, created, first, shortInfos };
  if (state.phase === 'reading' || lastSequence < state.next) return { state: known, effects: [] };
  return { state: { ...known, phase: 'reading' }, effects: [{ do: 'read' }] };
}

function begunAgain(created: string | undefined, first: number, reason: ResetReason): WatchDecision {
  const begun = beginWatch(first);
  return {
    state: { ...begun.state, created, first },
    effects: [{ do: 'report-reset', reason }, ...begun.effects],
  };
}
