import type { BadFrameError, DroverError } from '../errors.ts';
import type { ActorAddress } from './actor-ref.ts';
import type { MessagePreview } from './message-preview.ts';
import type { TerminationReason } from './signal.ts';

/** Everything that must never happen silently. */
export type RuntimeEvent =
  | {
      readonly type: 'restarted';
      readonly path: string;
      readonly incarnation: number;
      readonly cause: unknown;
    }
  /** It stays down until `unpark` brings it back, a child of its name replaces it, or it is stopped. */
  | { readonly type: 'parked'; readonly path: string; readonly cause: unknown }
  /** A new life in the place of a parked one. */
  | { readonly type: 'unparked'; readonly path: string }
  | { readonly type: 'escalated'; readonly path: string; readonly cause: unknown }
  | {
      readonly type: 'stopped';
      readonly path: string;
      readonly reason: TerminationReason;
      /** Of one that failed and is not brought back. */
      readonly cause?: unknown;
    }
  | {
      readonly type: 'dead-letter';
      readonly to: ActorAddress;
      readonly reason: DeadLetterReason;
      /** What there is to say beyond the reason; of `too-large` the sizes. */
      readonly error?: DroverError | undefined;
      /**
       * The message itself, where this node still had it; a listener that stores it keeps it in memory. Absent where the
       * message was already encoded for the bus.
       */
      readonly message?: unknown;
      /** Preview of a rejected message from another node. */
      readonly preview?: MessagePreview | undefined;
    }
  /** Two nodes had given one name: `lost` lives on without it. Told on the nodes of both. */
  | {
      readonly type: 'name-conflict';
      readonly name: string;
      readonly kept: ActorAddress;
      readonly lost: ActorAddress;
    }
  | { readonly type: 'unhandled'; readonly path: string }
  | {
      readonly type: 'bad-frame';
      readonly peer: string;
      readonly detail: string;
      readonly error: BadFrameError;
    };

/**
 * Why a message was not delivered.
 *
 * `no-such-actor`: never started, or ended · `stale-incarnation`: meant for an earlier life of the actor or node ·
 * `mailbox-full`: no room, overflow `reject` · `dropped`: no room, the overflow drops · `bus-unavailable`: not connected,
 * or no bus · `not-exposed`: the actor has no protocol, so other nodes cannot reach it · `too-large`: more than the bus
 * carries · `protocol-mismatch`: not what the protocol allows · `deadlock`: the actor waits for the asker · `expired`: a
 * question not started before its deadline or its cancellation · `late-answer`: an answer after the
 * deadline, after a first answer, or to a question that was cancelled.
 */
export type DeadLetterReason =
  | 'no-such-actor'
  | 'stale-incarnation'
  | 'mailbox-full'
  | 'dropped'
  | 'bus-unavailable'
  /** Connected, but the server takes no more for now: `maxBehindBytes` of the transport. */
  | 'bus-overloaded'
  | 'not-exposed'
  | 'too-large'
  | 'protocol-mismatch'
  /** `Props.accepts` of the receiver refused the sender. */
  | 'not-allowed'
  /** Work that ended every worker it was given to, `maxAttempts` times. */
  | 'attempts-exhausted'
  | 'deadlock'
  | 'expired'
  | 'late-answer'
  /** Stashed by an incarnation that failed because its stash was full. */
  | 'stash-full'
  /** A router had nobody to send it to. */
  | 'no-targets';
