import type { ActorRef } from './actor-ref.ts';

/** Why an actor ended, as its watchers see it. */
export type TerminationReason =
  /** It stopped by itself, or was stopped. */
  | 'stopped'
  /** It failed and was not restarted. */
  | 'failed'
  /** It was killed. */
  | 'killed'
  /** Its node left, died or was replaced by a newer incarnation. */
  | 'node-down'
  /** There was no such actor when the watch arrived. */
  | 'not-found';

/** Why an actor failed or was killed, as its watchers see it. */
export interface FailureCause {
  /** The error's stable `code`, else its class; at most 64 characters. */
  readonly code: string;
  /** Message of the error, at most 500 characters. */
  readonly message: string;
  /** The error itself. Only for a watched actor of this node: error objects are not sent to other nodes. */
  readonly error?: unknown;
}

/** A notice of the runtime to an actor about the end of an actor. */
export type Signal =
  /** A watched actor ended. */
  | {
      readonly type: 'terminated';
      readonly ref: ActorRef<never>;
      readonly reason: TerminationReason;
      /** Cause of a failure or kill, where it is known. */
      readonly cause?: FailureCause | undefined;
    }
  /** This incarnation has failed, and another incarnation follows. */
  | { readonly type: 'pre-restart'; readonly cause: unknown }
  /** This actor has ended, and no other incarnation follows. */
  | { readonly type: 'post-stop' };
