import type { z } from 'zod';
import type { MessageLane } from './actor-ref.ts';

/** Options of `tellOrWait`. */
export interface WaitOptions {
  /** Longest wait; mandatory. */
  readonly timeoutMs: number;
  /** As `TellOptions.trace`. */
  readonly trace?: string | undefined;
}

/** Options of `ask`. */
export interface AskOptions<R = unknown> {
  /** Longest wait; mandatory. */
  readonly timeoutMs: number;
  /** As `TellOptions.lane`. @default 'data' */
  readonly lane?: MessageLane;
  /**
   * Schema of an answer from another node. An answer that does not fit rejects the ask with `AnswerMismatchError`.
   * Without a schema every answer is accepted. Answers of actors of the same node are not checked.
   */
  readonly reply?: z.ZodType<R> | undefined;
  /** As `TellOptions.trace`. */
  readonly trace?: string | undefined;
  /**
   * Cancels the question: the ask rejects with `AskCancelledError`, and a question that waits in a mailbox is not
   * started. A handler that has started continues; its answer counts as late.
   */
  readonly signal?: AbortSignal | undefined;
  /**
   * Limits the question to the time left until the deadline of the question that the handler answers. Applies to
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
