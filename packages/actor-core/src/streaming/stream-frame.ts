import type { ActorRef, MessageLane } from '../actor/actor-ref.ts';

/**
 * What a producer tells the reader of a stream; positional, so that it is small on the wire, and only growing.
 * Items are numbered from 0: a gap breaks the stream, it never passes for the whole.
 */
export type StreamFrame<T> =
  /** It begins; this takes the reader's word. */
  | readonly [kind: 'open', control: ActorRef<StreamControl>]
  | readonly [kind: 'item', sequence: number, value: T]
  /** The producer is there, with nothing to say yet; it has sent so many items. */
  | readonly [kind: 'alive', sent: number]
  /** That was all: so many items. */
  | readonly [kind: 'end', count: number]
  | readonly [kind: 'error', code: string, message: string];

/** What a reader tells its producer. Credit is a total, so that losing one word of it loses nothing. */
export type StreamControl = readonly [kind: 'credit', upTo: number] | readonly [kind: 'cancel'];

/** How long a stream may be silent, and how much of it may be on its way. */
export interface StreamOptions {
  /** How long the beginning may take. */
  readonly timeoutMs: number;
  /** How long the other side may be silent once it has begun. @default 15_000 */
  readonly idleTimeoutMs?: number;
  /** Items on the way at most. @default 64 */
  readonly window?: number;
  /** As `TellOptions.lane`, for the question. @default 'data' */
  readonly lane?: MessageLane;
}

export const defaultIdleTimeoutMs = 15_000;
export const defaultWindow = 64;
/** Both sides say that they are there this many times within the idle timeout. */
export const alivesPerTimeout = 4;
