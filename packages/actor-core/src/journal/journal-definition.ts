import type { z } from 'zod';
import type { ActorContext } from '../actor/actor-context.ts';
import { InvalidArgumentError } from '../errors.ts';
import { optionNames, requireKnownOptions } from '../known-options.ts';
import {
  type EventOf,
  EventSchemas,
  type EventSpecs,
  requireUpcasters,
  type Versioned,
} from './event-schemas.ts';
import type { DurableTimer } from './timers/timer-table.ts';

/** What a command, or a timer, leads to. */
export interface Decision<S, E> {
  /** Stored together or not at all, before anything else happens. @default none */
  readonly events?: readonly E[];
  /** Timers that are set or cancelled, stored together with the events. @default none */
  readonly timers?: readonly TimerRequest[];
  /** Runs once all of it is stored, with the new state: answers, messages to others. Must not throw. */
  readonly afterwards?: (state: S) => void;
  /** Stops the actor afterwards. @default false */
  readonly stops?: boolean;
}

/**
 * Sets a timer (with one of `atMs` and `afterMs`), in place of one with the same key, or cancels it. `atMs`: wall clock
 * of the server. `afterMs`: from now on; never less, and more by at most the time of a request.
 */
export type TimerRequest =
  | { readonly set: string; readonly atMs: number; readonly payload?: unknown }
  | { readonly set: string; readonly afterMs: number; readonly payload?: unknown }
  | { readonly cancel: string };

/** The state of a journalled behaviour, and how snapshots hold it. */
export interface StateSpec<S> extends Versioned<z.ZodType<S>> {
  readonly initial: S;
  /** What is wrong with a state; undefined where nothing is. Checked before each write and after each load. */
  readonly invariant?: (state: S) => string | undefined;
}

/**
 * A behaviour whose state is made of stored events.
 *
 * `decide` and `apply` are pure: `decide` turns a command into events, `apply` turns an event into the next state, the
 * same in every replay.
 */
export interface JournalDefinition<M, S, E extends EventSpecs> {
  /** Of snapshots; the state must not be changed in place. */
  readonly state: StateSpec<S>;
  readonly events: E;
  /** Types of stored events that are ignored from now on. */
  readonly retired?: readonly string[];
  /** The state after an event. Pure. */
  readonly apply: (state: S, event: EventOf<E>) => S;
  /** What a message leads to; undefined: nothing. A throw is a failure of the actor, and nothing is stored. */
  readonly decide: (state: S, message: M, context: ActorContext<M>) => Decision<S, EventOf<E>> | undefined;
  /**
   * What a due timer leads to. The timer is removed together with the events. It may fire again after a crash: the
   * handler recognises it by its id. Required for timers.
   */
  readonly onTimer?: (
    state: S,
    timer: DurableTimer,
    context: ActorContext<M>,
  ) => Decision<S, EventOf<E>> | undefined;
  /** Runs once in each incarnation, when the state is recovered and before the first message. */
  readonly onRecovered?: (state: S, context: ActorContext<M>) => void;
  /**
   * A message was refused: the store is away or full, or the journal is quarantined. `error` says what is known: an
   * `OutcomeUnknownError` may have been stored. Its asker, if it was a question, gets the same error.
   */
  readonly onRefused?: (message: M, error: Error, context: ActorContext<M>) => void;
  /** Entries after which a snapshot is written; 0 is never. @default 100 */
  readonly snapshotEvery?: number;
  /** Keeps entries that two snapshots include. @default false: they are deleted */
  readonly keepsEntries?: boolean;
}

/** A definition with its defaults and its encoders. */
export interface ResolvedDefinition<M, S, E extends EventSpecs> extends JournalDefinition<M, S, E> {
  readonly schemas: EventSchemas;
  readonly snapshotEvery: number;
  readonly keepsEntries: boolean;
}

const definitionOptions = optionNames<JournalDefinition<never, never, never>>({
  state: true,
  events: true,
  retired: true,
  apply: true,
  decide: true,
  onTimer: true,
  onRecovered: true,
  onRefused: true,
  snapshotEvery: true,
  keepsEntries: true,
});

const defaultSnapshotEvery = 100;

/** @throws InvalidArgumentError for an unknown field or a contradiction, naming the field */
export function resolveDefinition<M, S, E extends EventSpecs>(
  definition: JournalDefinition<M, S, E>,
): ResolvedDefinition<M, S, E> {
  requireKnownOptions('definition', definition, definitionOptions);
  requireUpcasters('state', definition.state);
  const { snapshotEvery = defaultSnapshotEvery, keepsEntries = false, events, retired } = definition;
  if (!(Number.isInteger(snapshotEvery) && snapshotEvery >= 0))
    throw new InvalidArgumentError('snapshotEvery', 'must be an integer of at least 0');
  return { ...definition, snapshotEvery, keepsEntries, schemas: new EventSchemas(events, retired) };
}
