import type { ActorAddress, ActorRef, MessageLane, TellOptions } from '../actor/actor-ref.ts';
import { BaseRef } from '../actor/base-ref.ts';
import type { Props } from '../actor/actor-context.ts';

/** What a behaviour did while it ran in a `BehaviourKit`, as data; none of it was performed. */
export type BehaviourEffect<M = unknown> =
  /** A message was told to a ref of the kit, `self` included. */
  | {
      readonly type: 'told';
      readonly to: string;
      readonly message: unknown;
      readonly lane: MessageLane;
    }
  /** A question. A message to its `replyTo` settles the promise, `fail` rejects it. */
  | {
      readonly type: 'asked';
      readonly to: string;
      readonly message: unknown;
      readonly timeoutMs: number;
      /** Rejects the question, as its deadline would. */
      readonly fail: (error: unknown) => void;
    }
  | { readonly type: 'spawned'; readonly name: string; readonly props: Props<never> }
  /** An operation on a child or another actor, given by its path. */
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
  /** The handler allows messages to be handled while it awaits; `accepts` tells which. */
  | {
      readonly type: 'reentrancy-allowed';
      /** Whether a message may be handled meanwhile. */
      readonly accepts: (message: M) => boolean;
    }
  | { readonly type: 'unhandled'; readonly message: M };

/** A ref without an actor: a message told to it becomes an effect. */
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
