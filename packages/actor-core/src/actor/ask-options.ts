import type { z } from 'zod';
import type { MessageLane } from './actor-ref.ts';

/** How long `tellOrWait` may wait for room, and for whom it is sent. */
export interface WaitOptions {
  /** Mandatory: no wait is unbounded. */
  readonly timeoutMs: number;
  /** As `TellOptions.trace`. */
  readonly trace?: string | undefined;
}

/** How long an answer may take, and how the question travels. */
export interface AskOptions<R = unknown> {
  /** Mandatory: no wait is unbounded. */
  readonly timeoutMs: number;
  /** As `TellOptions.lane`. @default 'data' */
  readonly lane?: MessageLane;
  /**
   * What an answer from another node must look like: one that does not fails the question with `AnswerMismatchError`.
   * Without it an answer is taken as it comes. Answers within a node are not checked.
   */
  readonly reply?: z.ZodType<R> | undefined;
  /** As `TellOptions.trace`. */
  readonly trace?: string | undefined;
  /**
   * Cancels the question: the ask rejects with `AskCancelledError`, and a question still in a mailbox is not started. A
   * handler that has started continues; its answer is counted as late.
   */
  readonly signal?: AbortSignal | undefined;
  /**
   * Limits a question asked by a handler to the time left until the deadline of the question being handled. Used by
   * `ActorContext.ask` only.
   *
   * @default true
   */
  readonly inheritDeadline?: boolean | undefined;
}

/** Which other nodes may reach an adapter. */
export interface AdapterOptions<T> {
  /** What other nodes may send, as `Props.protocol`. Without a protocol no other node can reach the adapter. */
  readonly protocol?: z.ZodType<T> | undefined;
}
