import type { ActorAddress } from './actor-ref.ts';
import type { CallChain } from './call-chain.ts';
import type { DeadLetterReason } from './runtime-event.ts';
import type { Signal } from './signal.ts';

/** Something whose messages are void from the moment it has ended: a timer, a watch, an incarnation. */
export interface Guard {
  /** May the message be handled? Called once, when it leaves the mailbox. */
  claim(): boolean;
}

/** Who waits for the answer to a message and learns at once when it was not delivered. */
export interface Refusable {
  readonly chain?: CallChain | undefined;
  /** True when the asker no longer waits, so that a question not yet started can be skipped. */
  readonly isOver: boolean;
  /** Deadline of the answer in clock milliseconds; undefined where it is not known. */
  readonly deadline?: number | undefined;
  /** `error`: what to fail with, where it says more than the reason. */
  refuse(reason: DeadLetterReason, error?: Error): void;
}

/** A question on its way: refusable, and addressed to whoever answers. */
export interface Question extends Refusable {
  readonly address: ActorAddress;
  /** Longest wait from sending until the handler starts. */
  readonly timeoutMs: number;
}

/**
 * A message with what belongs to it. Plain messages wait in the mailbox bare, since they are nearly all of the
 * traffic; only those that need more are wrapped.
 */
export class Envelope {
  readonly message: unknown;
  /** The question this message carries, so that a drop is answered at once. */
  readonly ask: Refusable | undefined;
  /** Dropped unseen when this says so. */
  readonly guard: Guard | undefined;
  readonly signal: Signal | undefined;
  /** W3C traceparent of what its handling is part of. */
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
