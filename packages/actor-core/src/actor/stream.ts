import type { ActorRef, MessageLane } from './actor-ref.ts';

/**
 * What the producer of a stream sends to its reader; positional, so that it is small on the wire, and only growing.
 * Items are numbered from 0, so that a gap breaks the stream instead of passing unnoticed.
 */
export type StreamFrame<T> =
  /** Opens the stream. `control` receives credit and cancel. */
  | readonly [kind: 'open', control: ActorRef<StreamControl>]
  | readonly [kind: 'item', sequence: number, value: T]
  /** Sign of life of a producer without a new item. `sent`: how many items it has sent. */
  | readonly [kind: 'alive', sent: number]
  /** Ends the stream. `count`: how many items it had. */
  | readonly [kind: 'end', count: number]
  | readonly [kind: 'error', code: string, message: string];

/** What a reader sends to its producer. Credit is an absolute item number, so that a lost grant does no harm. */
export type StreamControl = readonly [kind: 'credit', upTo: number] | readonly [kind: 'cancel'];

/** Time limits of a stream, and how much of it may be on its way. */
export interface StreamOptions {
  /** Longest wait for the stream to open. */
  readonly timeoutMs: number;
  /** Longest silence of the other side of an open stream. @default 15_000 */
  readonly idleTimeoutMs?: number;
  /** Most items on the way. @default 64 */
  readonly window?: number;
  /** As `TellOptions.lane`, for the question. @default 'data' */
  readonly lane?: MessageLane;
}

/** The answering side of a stream, made by `ActorContext.openStream`. Writes as far as the reader's credit goes. */
export interface StreamWriter<T> {
  /** Aborted when the reader has gone or cancelled, or the stream has failed: stop producing. */
  readonly signal: AbortSignal;
  /**
   * Sends an item; the promise resolves when there was credit for it. Write the next item after that.
   *
   * @throws StreamCancelledError when the reader has gone or cancelled, or the stream has failed
   * @throws InvalidArgumentError when the previous write still waits, or the stream has ended
   */
  write(value: T): Promise<void>;
  /** Ends the stream after the items written so far. */
  end(): void;
  /** Ends the stream with an error: a stable `code` and a text. */
  fail(code: string, message: string): void;
}
