import type { ActorContext } from './actor-context.ts';
import type { Signal } from './signal.ts';

/** What handles the next message. Made by `receive`, `setup`, and the constants `same`, `stopped`, `unhandled`. */
export type Behaviour<M> =
  | {
      readonly kind: 'receive';
      readonly onMessage: MessageHandler<M>;
      readonly onSignal: SignalHandler<M> | undefined;
    }
  | {
      readonly kind: 'setup';
      /** Makes the behaviour of one incarnation. */
      readonly create: (context: ActorContext<M>) => Behaviour<M>;
    }
  | Directive;

/** A behaviour for messages of every type: `same`, `stopped`, `unhandled`. */
export interface Directive {
  readonly kind: 'same' | 'stopped' | 'unhandled';
}

/** Nothing returned means `same`. */
// biome-ignore lint/suspicious/noConfusingVoidType: a handler that returns nothing is the common case
export type Next<M> = Behaviour<M> | void;

/**
 * Handles one message. A returned promise closes the mailbox until it settles (nothing interleaves); its
 * rejection, like a throw, is a failure that the supervisor answers.
 */
export type MessageHandler<M> = (message: M, context: ActorContext<M>) => Next<M> | Promise<Next<M>>;
/**
 * Handles one signal: the end of a watched actor, or of this incarnation. A promise closes the mailbox as a
 * message's does.
 */
export type SignalHandler<M> = (signal: Signal, context: ActorContext<M>) => Next<M> | Promise<Next<M>>;

/** Keeps the current behaviour. */
export const same: Directive = { kind: 'same' };
/** Stops the actor in an orderly way after this message. */
export const stopped: Directive = { kind: 'stopped' };
/** Keeps the behaviour and reports the message as unhandled. */
export const unhandled: Directive = { kind: 'unhandled' };

/** A behaviour that handles messages, and signals when `onSignal` is given. Without it, signals change nothing. */
export function receive<M>(onMessage: MessageHandler<M>, onSignal?: SignalHandler<M>): Behaviour<M> {
  return { kind: 'receive', onMessage, onSignal };
}

/** Runs `create` when the actor starts and again at each restart. */
export function setup<M>(create: (context: ActorContext<M>) => Behaviour<M>): Behaviour<M> {
  return { kind: 'setup', create };
}
