import type { ActorAddress } from './actor-ref.ts';
import type { CallChain } from './call-chain.ts';
import type { DeadLetterReason } from './runtime-event.ts';
import type { Signal } from './signal.ts';

/** The origin of a message that becomes void when the origin ends: a timer, a watch, an incarnation. */
export interface Guard {
  /** True when the message may be handled. Called once, when it leaves the mailbox. */
  claim(): boolean;
}

/** The asker of a question, which learns at once when the question was not delivered. */
export interface Refusable {
  readonly chain?: CallChain | undefined;
  /** True when the asker no longer waits, so that a question that is not started can be skipped. */
  readonly isOver: boolean;
  /** Deadline of the answer in clock milliseconds; undefined when it is not known. */
  readonly deadline?: number | undefined;
  /** `error`: the error to fail with, where it has more detail than the reason. */
  refuse(reason: DeadLetterReason, error?: Error): void;
}

/** A question that can be answered: its `address` receives the answer. */
export interface Question extends Refusable {
  readonly address: ActorAddress;
  /** Longest wait from sending until the handler starts. */
  readonly timeoutMs: number;
}

/**
 * A message with its question, guard, signal or trace. Most messages have none of these and wait in the mailbox without
 * an envelope.
 */
export class Envelope {
  readonly message: unknown;
  /** The question that this message carries; it is refused when the message is dropped. */
  readonly ask: Refusable | undefined;
  /** Decides whether the message is handled or silently dropped. */
  readonly guard: Guard | undefined;
  readonly signal: Signal | undefined;
  /** W3C traceparent of the message. */
  readonly trace: string | undefined;

  constructor(
    message: unknown,
    ask: Refusable | undefined,
    guard: Guard | undefined,
    signal: Signal | undefined,
    trace?: string,
  ) {
    this.message = message;
    this.ask = ask;
    this.guard = guard;
    this.signal = signal;
    this.trace = trace;
  }
}
