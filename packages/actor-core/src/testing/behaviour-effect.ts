import type { ActorAddress, ActorRef, MessageLane, TellOptions } from '../actor/actor-ref.ts';
import { BaseRef } from '../actor/base-ref.ts';
import type { Props } from '../actor/actor-context.ts';

/** What a behaviour did while it ran in a `BehaviourKit`, as data; nothing of it has happened. */
export type BehaviourEffect<M = unknown> =
  /** A message was told to a ref of the kit, `self` included. */
  | {
      readonly type: 'told';
      readonly to: string;
      readonly message: unknown;
      readonly lane: MessageLane;
    }
  /** A question: told to its `replyTo`, the answer settles the promise, `fail` rejects it. */
  | {
      readonly type: 'asked';
      readonly to: string;
      readonly message: unknown;
      readonly timeoutMs: number;
      /** Rejects the question, as its deadline would. */
      readonly fail: (error: unknown) => void;
    }
  | { readonly type: 'spawned'; readonly name: string; readonly props: Props<never> }
  /** A child or other actor, by its path, was stopped, killed, watched, linked or let go. */
  | {
      readonly type:
        | 'stopped-child'
        | 'killed-child'
        | 'unparked-child'
        | 'watched'
        | 'unwatched'
        | 'linked'
        | 'unlinked';
      readonly path: string;
    }
  | {
      readonly type: 'timer-set' | 'interval-set';
      readonly key: string;
      readonly afterMs: number;
      readonly message: M;
    }
  | { readonly type: 'timer-cancelled'; readonly key: string }
  | { readonly type: 'receive-timeout-set'; readonly idleMs: number; readonly message: M }
  | { readonly type: 'receive-timeout-cancelled' }
  | { readonly type: 'stashed'; readonly message: M }
  | { readonly type: 'unstashed'; readonly messages: readonly M[] }
  /** The handler lets messages in while it awaits; `accepts` says which. */
  | {
      readonly type: 'admitting';
      /** What is let in. */
      readonly accepts: (message: M) => boolean;
    }
  | { readonly type: 'unhandled'; readonly message: M };

/** A ref that reaches nobody: what is told to it becomes an effect. */
export class RecordedRef<M> extends BaseRef implements ActorRef<M> {
  readonly address: ActorAddress;
  readonly #take: (message: M, options: TellOptions | undefined) => void;

  constructor(path: string, uid: number, take: (message: M, options: TellOptions | undefined) => void) {
    super();
    this.address = { node: 'kit', nodeIncarnation: 1, path, uid };
    this.#take = take;
  }

  tell(message: M, options?: TellOptions): void {
    this.#take(message, options);
  }
}
