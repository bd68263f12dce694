import type { ActorContext, Behaviour, Directive, MessageHandler, SignalHandler } from './actor-context.ts';

/** Keeps the current behaviour. */
export const same: Directive = { kind: 'same' };
/** Stops the actor in an orderly way after this message. */
export const stopped: Directive = { kind: 'stopped' };
/** Keeps the behaviour and reports the message as unhandled. */
export const unhandled: Directive = { kind: 'unhandled' };

/** A behaviour that handles messages, and signals when `onSignal` is given. */
export function receive<M>(onMessage: MessageHandler<M>, onSignal?: SignalHandler<M>): Behaviour<M> {
  return { kind: 'receive', onMessage, onSignal };
}

/** Runs `create` when the actor starts and again at each restart. */
export function setup<M>(create: (context: ActorContext<M>) => Behaviour<M>): Behaviour<M> {
  return { kind: 'setup', create };
}
