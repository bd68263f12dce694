import type { LogRecord } from '../storage/log/log.ts';
import { decideReplay, type ReplayPosition } from './decide-replay.ts';
import {
  decodeVersioned,
  DefectError,
  describe,
  encodeWith,
  type EventOf,
  type EventSpecs,
  type StoredEvent,
} from './event-schemas.ts';
import type { ResolvedDefinition } from './journal-definition.ts';
import { decodeEntry, type JournalEntry } from './journal-entry.ts';
import type { Snapshot } from './snapshot.ts';
import { type TimerChange, TimerTable } from './timers/timer-table.ts';

/** What a command is about to store, and the state that it leads to. */
export interface Proposal<S> {
  readonly entry: JournalEntry;
  readonly state: S;
}

/** The state of a journal as far as it was read: what entries and snapshots mean. Knows nothing of the store. */
export class JournalState<M, S, E extends EventSpecs> {
  readonly #definition: ResolvedDefinition<M, S, E>;
  state: S;
  position: ReplayPosition = { index: 0, generation: 0 };
  /** Log sequence of the last record that was read or written; 0 before the first one. */
  sequence = 0;
  /** Entries whose effects count and that no snapshot includes. */
  sinceSnapshot = 0;
  /** Entries that did not count, since their generation was over. */
  skipped = 0;
  timers: TimerTable;

  /** @throws DefectError for a snapshot that does not fit */
  constructor(definition: ResolvedDefinition<M, S, E>, snapshot: Snapshot | undefined) {
    this.#definition = definition;
    this.state = definition.state.initial;
    this.timers = new TimerTable(snapshot?.timers);
    if (snapshot === undefined) return;
    this.state = decodeVersioned(definition.state, snapshot.version, snapshot.state) as S;
    this.position = snapshot.position;
    this.sequence = snapshot.sequence;
    this.checkInvariant(this.state);
  }

  /** Reads one record of the journal. @throws DefectError */
  replay(record: LogRecord): void {
    const entry = decodeEntry(record);
    if (entry === undefined) throw new DefectError('no-entry', 'the record is no entry of a journal');
    const step = decideReplay(this.position, entry);
    if (step.do === 'refuse') throw new DefectError(step.reason, step.detail);
    this.position = step.position;
    this.sequence = record.sequence;
    if (step.do === 'apply') this.#take(entry, this.#applyStored(entry.events));
    else if (!entry.isBarrier) this.skipped++;
  }

  /** What is to be stored. @throws InvalidArgumentError for an event or a state that could not be read again */
  propose(events: readonly EventOf<E>[], timers: readonly TimerChange[]): Proposal<S> {
    const { schemas, apply } = this.#definition;
    const { index, generation } = this.position;
    const stored = events.map((event) => schemas.encode(event));
    const state = events.reduce<S>((before, event) => apply(before, event), this.state);
    this.checkInvariant(state);
    return { entry: { index: index + 1, generation, isBarrier: false, events: stored, timers }, state };
  }

  /** A proposal was stored. */
  stored({ entry, state }: Proposal<S>, sequence: number): void {
    this.position = { index: entry.index, generation: entry.generation };
    this.sequence = sequence;
    this.#take(entry, state);
  }

  /** The present state. @throws InvalidArgumentError for a state that does not fit its schema */
  snapshot(): Snapshot {
    const { schema, version = 1 } = this.#definition.state;
    return {
      position: this.position,
      sequence: this.sequence,
      version,
      state: encodeWith('state', schema, this.state),
      timers: this.timers.all(),
    };
  }

  /** @throws DefectError */
  checkInvariant(state: S): void {
    const fault = this.#definition.state.invariant?.(state);
    if (fault !== undefined) throw new DefectError('broken-invariant', fault);
  }

  #take({ timers }: JournalEntry, state: S): void {
    this.state = state;
    for (const change of timers) this.timers.apply(change);
    this.sinceSnapshot++;
  }

  #applyStored(events: readonly StoredEvent[]): S {
    const { schemas, apply } = this.#definition;
    let { state } = this;
    for (const stored of events) {
      const event = schemas.decode(stored);
      if (event === undefined) continue;
      try {
        state = apply(state, event as EventOf<E>);
      } catch (error) {
        throw new DefectError('apply-failed', describe(error));
      }
    }
    return state;
  }
}
