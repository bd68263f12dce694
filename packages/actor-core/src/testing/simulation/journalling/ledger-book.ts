import { z } from 'zod';
import type { ActorContext } from '../../../actor/actor-context.ts';
import type { ActorRef } from '../../../actor/actor-ref.ts';
import type { EventOf, EventSpec } from '../../../journal/event-schemas.ts';
import type { Decision, JournalDefinition } from '../../../journal/journal-definition.ts';
import type { DurableTimer } from '../../../journal/timers/timer-table.ts';

/** A message to a book. `fail`: the actor fails after the message, or instead of it. */
export type BookCommand =
  | { readonly kind: 'add'; readonly id: string; readonly replyTo: ActorRef<BookAnswer> }
  | {
      readonly kind: 'set';
      readonly timer: string;
      readonly afterMs: number;
      readonly replyTo: ActorRef<BookAnswer>;
    }
  | { readonly kind: 'cancel'; readonly timer: string; readonly replyTo: ActorRef<BookAnswer> }
  | { readonly kind: 'read'; readonly replyTo: ActorRef<BookAnswer> }
  | { readonly kind: 'fail' };

/** The state with which a command was answered, and under which fence. */
export interface BookAnswer {
  readonly state: BookState;
  readonly fence: number;
}

/** Entries in their order, and the keys of the timers that fired. */
export interface BookState {
  readonly ids: readonly string[];
  readonly fired: readonly string[];
}

type BookEvents = {
  readonly added: EventSpec<z.ZodObject<{ id: z.ZodString }>>;
  readonly fired: EventSpec<z.ZodObject<{ key: z.ZodString }>>;
};
const events: BookEvents = {
  added: { schema: z.object({ id: z.string() }) },
  fired: { schema: z.object({ key: z.string() }) },
};
type BookDecision = Decision<BookState, EventOf<BookEvents>>;

/** What a workload learns from a book beside its answers. */
export interface BookListener {
  onRecovered(state: BookState): void;
  onTimer(timer: DurableTimer): void;
}

/** Small, so that snapshots and deletions happen often. */
const snapshotEvery = 6;

/** A book that stores each entry before it answers. */
export function bookDefinition(
  fence: number,
  listener: BookListener,
): JournalDefinition<BookCommand, BookState, BookEvents> {
  return {
    state: {
      schema: z.object({ ids: z.array(z.string()), fired: z.array(z.string()) }),
      initial: { ids: [], fired: [] },
      invariant: ({ ids, fired }) =>
        new Set(ids).size === ids.length && new Set(fired).size === fired.length
          ? undefined
          : 'something is there twice',
    },
    events,
    apply: (state, event) =>
      event.type === 'added'
        ? { ...state, ids: [...state.ids, event.id] }
        : { ...state, fired: [...state.fired, event.key] },
    decide: (_state, message) => decide(message, fence),
    onTimer(_state, timer, _context: ActorContext<BookCommand>) {
      listener.onTimer(timer);
      return { events: [{ type: 'fired', key: timer.key }] };
    },
    onRecovered: (state) => listener.onRecovered(state),
    snapshotEvery,
  };
}

function decide(message: BookCommand, fence: number): BookDecision {
  if (message.kind === 'fail') throw new Error('failed on purpose');
  const { replyTo } = message;
  const afterwards = (state: BookState) => replyTo.tell({ state, fence });
  switch (message.kind) {
    case 'add':
      return { events: [{ type: 'added', id: message.id }], afterwards };
    case 'set':
      return { timers: [{ set: message.timer, afterMs: message.afterMs }], afterwards };
    case 'cancel':
      return { timers: [{ cancel: message.timer }], afterwards };
    default:
      return { afterwards };
  }
}
