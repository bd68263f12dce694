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
  /** `reading`: pages are read, and announcements only show that there are more records. */
  readonly phase: 'reading' | 'live';
  /** Highest announced sequence. */
  readonly announced: number;
  /** `onCaughtUp` was called. */
  readonly isCaughtUp: boolean;
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

/** A watch that begins with the record at `from`, and first reads. */
export function beginWatch(from: number): WatchDecision {
  const state: WatchState = {
    next: from,
    created: undefined,
    phase: 'reading',
    announced: 0,
    isCaughtUp: false,
  };
  return { state, effects: [{ do: 'read' }] };
}

/** A record was announced. */
export function decideAnnounced(state: WatchState, record: LogRecord): WatchDecision {
  const announced = Math.max(state.announced, record.sequence);
  if (state.phase === 'reading') return { state: { ...state, announced }, effects: [] };
  // An announcement that came after the read of its record, or a sequence that the log uses for the second time.
  if (record.sequence < state.next) return { state, effects: [{ do: 'ask' }] };
  if (record.sequence === state.next)
    return {
      state: { ...state, announced, next: record.sequence + 1 },
      effects: [{ do: 'deliver', record }],
    };
  return { state: { ...state, announced, phase: 'reading' }, effects: [{ do: 'read' }] };
}

/** A page that began at `state.next` was read. */
export function decidePage(state: WatchState, page: LogPage): WatchDecision {
  const deliveries = page.records.map((record): WatchEffect => ({ do: 'deliver', record }));
  const next = Math.max(state.next, page.next);
  if (!page.isEnd || state.announced >= next)
    return { state: { ...state, next }, effects: [...deliveries, { do: 'read' }] };
  const caughtUp: WatchEffect[] = state.isCaughtUp ? [] : [{ do: 'report-caught-up' }];
  return {
    state: { ...state, next, phase: 'live', isCaughtUp: true },
    effects: [...deliveries, ...caughtUp],
  };
}

/** The state of the log was looked at: at the start, after a reconnection, and when the watchdog fires. */
export function decideInfo(
  state: WatchState,
  info: Pick<LogInfo, 'created' | 'lastSequence' | 'spec'>,
): WatchDecision {
  const { created, lastSequence } = info;
  const reason = resetReason(state, info);
  if (reason !== undefined) {
    const begun = beginWatch(info.spec.firstSequence);
    return {
      state: { ...begun.state, created },
      effects: [{ do: 'report-reset', reason }, ...begun.effects],
    };
  }
  const known: WatchState = { ...state, created };
  if (state.phase === 'reading' || lastSequence < state.next) return { state: known, effects: [] };
  return { state: { ...known, phase: 'reading' }, effects: [{ do: 'read' }] };
}

function resetReason(
  state: WatchState,
  { created, lastSequence }: Pick<LogInfo, 'created' | 'lastSequence'>,
): ResetReason | undefined {
  if (state.created === undefined) return undefined;
  if (created !== state.created) return 'replaced';
  return state.isCaughtUp && lastSequence < state.next - 1 ? 'rolled-back' : undefined;
}
