import type { JournalEntry } from './journal-entry.ts';

/** How far a journal was read. */
export interface ReplayPosition {
  /** Number of the last entry that counts; 0 before the first one. */
  readonly index: number;
  readonly generation: number;
}

/** What an entry means for the state. */
export type ReplayStep =
  /** It counts. */
  | { readonly do: 'apply'; readonly position: ReplayPosition }
  /** It does not count: see below. */
  | { readonly do: 'skip'; readonly position: ReplayPosition }
  /** Entries before it are missing. */
  | { readonly do: 'refuse'; readonly reason: 'gap'; readonly detail: string };

/**
 * Decides whether an entry counts.
 *
 * A write with an unknown outcome may be accepted at any later time while its fence holds. Its writer therefore writes
 * a barrier, which begins a new generation, and reads the journal again up to the barrier. An entry of an older
 * generation that was accepted before the barrier counts; one after it does not, for its writer has decided without it.
 * Barriers with unknown outcomes are treated the same way. A new holder of the fence needs no barrier: writes under the
 * earlier fence are refused.
 *
 * An entry that comes again is a repeated attempt of the same write: a server that restarts forgets which message ids
 * it has accepted. Its writer writes one entry after the other, so it cannot be anything else.
 */
export function decideReplay(position: ReplayPosition, entry: JournalEntry): ReplayStep {
  if (entry.generation < position.generation) return { do: 'skip', position };
  if (entry.isBarrier) return { do: 'skip', position: { ...position, generation: entry.generation } };
  const next = position.index + 1;
  if (entry.index === next) return { do: 'apply', position: { index: next, generation: entry.generation } };
  return entry.index < next
    ? { do: 'skip', position }
    : { do: 'refuse', reason: 'gap', detail: `entry ${entry.index} follows entry ${position.index}` };
}
