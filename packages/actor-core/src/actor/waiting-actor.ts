import type { ActorRef } from './actor-ref.ts';
import type { CallChain } from './call-chain.ts';
import type { Question, Refusable } from './envelope.ts';

/** A question asked by a running handler. */
export interface Wait extends Question {
  readonly target: ActorRef<never>;
}

/** An actor as deadlock detection sees it. */
export interface WaitingActor {
  /** True while a handler awaits its promise. */
  readonly isBusy: boolean;
  /** Questions asked by the handlers of this actor; some may be over. */
  readonly waits: readonly Wait[];
  /** True while the message with this number is being handled. Valid for a busy actor. */
  isHandling(handling: number): boolean;
  /** True when a current handling of this actor is part of the call chain. */
  waitsFor(chain: CallChain | undefined): boolean;
  /** True when the question is being handled, queued or stashed here. */
  holds(ask: Refusable): boolean;
  /** Removes the matching questions from the mailbox without handling them. */
  withdraw(matches: (ask: Refusable) => boolean, reason: 'deadlock' | 'expired'): void;
}
