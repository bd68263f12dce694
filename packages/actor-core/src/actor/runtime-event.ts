import type { BadFrameError, DroverError } from '../errors.ts';
import type { ActorAddress } from './actor-ref.ts';
import type { MessagePreview } from './message-preview.ts';
import type { TerminationReason } from './signal.ts';

/** An event of an actor system that is reported to listeners and counted. */
export type RuntimeEvent =
  | {
      readonly type: 'restarted';
      readonly path: string;
      readonly incarnation: number;
      readonly cause: unknown;
    }
  /** The actor stays down until `unpark` replaces it, another child takes its name, or it is stopped. */
  | { readonly type: 'parked'; readonly path: string; readonly cause: unknown }
  /** A new actor was started in the place of a parked actor. */
  | { readonly type: 'unparked'; readonly path: string }
  | { readonly type: 'escalated'; readonly path: string; readonly cause: unknown }
  | {
      readonly type: 'stopped';
      readonly path: string;
      readonly reason: TerminationReason;
      /** Cause of a failure after which the actor is not restarted. */
      readonly cause?: unknown;
    }
  | {
      readonly type: 'dead-letter';
      readonly to: ActorAddress;
      readonly reason: DeadLetterReason;
      /** Details beyond the reason, such as the sizes of `too-large`. */
      readonly error?: DroverError | undefined;
      /**
       * The message itself; a listener that stores the event keeps it in memory. Absent when the message was already
       * encoded for the bus.
       */
      readonly message?: unknown;
      /** Preview of a rejected message from another node. */
      readonly preview?: MessagePreview | undefined;
    }
  /** Two nodes had registered one name: the actor `lost` no longer has it. Reported on both nodes. */
  | {
      readonly type: 'name-conflict';
      readonly name: string;
      readonly kept: ActorAddress;
      readonly lost: ActorAddress;
    }
  | EntityEvent
  | JournalEvent
  | RemedyEvent
  | { readonly type: 'unhandled'; readonly path: string }
  | {
      readonly type: 'bad-frame';
      readonly peer: string;
      readonly detail: string;
      readonly error: BadFrameError;
    };

/** Drover mended something by itself. */
export interface RemedyEvent extends Remedy {
  readonly type: 'remedy';
}

/** What was done about a fault, to what, and on which grounds. */
export interface Remedy {
  /**
   * `restart`: an actor started again after a failure · `park`: an actor that failed too often stays down · `re-place`:
   * an agent or entity was given to another node · `eject`: a host that refuses is asked last · `re-elect`: another
   * node leads a group · `requeue`: a task of a queue is delivered again · `declare-dead`: the view dropped a node.
   */
  readonly action: 'restart' | 'park' | 're-place' | 'eject' | 're-elect' | 'requeue' | 'declare-dead';
  /** What it was done to: an actor's path, an agent, a host, a group, a task, a node. */
  readonly subject: string;
  /** Why, in words. */
  readonly cause: string;
  /** Facts on which the decision rests. */
  readonly evidence: Readonly<Record<string, string | number | boolean>>;
}

/** Something happened to an entity on this node. `cause` says why, in words. */
export interface EntityEvent {
  readonly type: 'entity';
  /**
   * `activated`: runs here now · `passivated`: stopped until its next message · `moved`: given up for another node ·
   * `lost`: another activation owns the entity, and this one ended · `failed`: failed too often and is stopped ·
   * `removed`: its records are deleted.
   */
  readonly what: 'activated' | 'passivated' | 'moved' | 'lost' | 'failed' | 'removed';
  /** Type and key, joined by a slash. */
  readonly entity: string;
  readonly cause: string;
  /** Fence of the activation. */
  readonly fence: number;
}

/** Something happened to the journal of an actor. `cause` says why, in words. */
export interface JournalEvent {
  readonly type: 'journal';
  /**
   * `recovering`: `entries` of `total` are read, of a journal with many · `recovered`: the actor handles messages ·
   * `suspended`: the store does not confirm writes, and messages are refused · `resumed`: it does again · `deposed`:
   * another owner writes the journal, and this actor ends · `snapshot-failed`: the snapshot is tried again later ·
   * `snapshot-broken`: an older one or all entries are used instead · `quarantined`: the stored data does not fit, and
   * messages are refused · `released`: a quarantined journal is readable again.
   */
  readonly what:
    | 'recovering'
    | 'recovered'
    | 'suspended'
    | 'resumed'
    | 'deposed'
    | 'snapshot-failed'
    | 'snapshot-broken'
    | 'quarantined'
    | 'released';
  /** Path of the actor. */
  readonly path: string;
  /** Subject of its entries. */
  readonly journal: string;
  readonly cause: string;
  readonly entries?: number;
  readonly total?: number;
  /** The record at fault: its sequence, and the beginning of its content. */
  readonly evidence?: { readonly sequence: number; readonly excerpt: string };
}

/**
 * Why a message was not delivered.
 *
 * `no-such-actor`: the actor never started, or has ended · `stale-incarnation`: addressed to an earlier incarnation of
 * the node · `mailbox-full`: mailbox full with overflow `reject` · `dropped`: mailbox full with an overflow that drops
 * · `bus-unavailable`: not connected, or no bus · `not-exposed`: the actor has no protocol, so other nodes cannot reach
 * it · `too-large`: larger than the bus accepts · `protocol-mismatch`: does not fit the protocol · `deadlock`: the
 * actor waits for the asker · `expired`: a question not started before its deadline or its cancellation ·
 * `late-answer`: an answer after the deadline, after a first answer, or to a question that was cancelled.
 */
export type DeadLetterReason =
  | 'no-such-actor'
  | 'stale-incarnation'
  | 'mailbox-full'
  | 'dropped'
  | 'bus-unavailable'
  /** Connected, but the server is too slow at present: see `maxBehindBytes` of the transport. */
  | 'bus-overloaded'
  | 'not-exposed'
  | 'too-large'
  | 'protocol-mismatch'
  /** `Props.accepts` of the receiver refused the sender. */
  | 'not-allowed'
  /** Work whose worker ended each time it was handled, `maxAttempts` times. */
  | 'attempts-exhausted'
  | 'deadlock'
  | 'expired'
  | 'late-answer'
  /** Stashed by an incarnation that failed because the stash was full. */
  | 'stash-full'
  /** A router had no target. */
  | 'no-targets'
  /** No node took the entity within the time of the message. */
  | 'entity-unavailable'
  /** A journalled actor could not store what the message leads to; nothing was stored. */
  | 'not-stored'
  /** A journalled actor does not know whether it stored what the message leads to. */
  | 'outcome-unknown'
  /** The stored data of a journalled actor does not fit. */
  | 'quarantined';
