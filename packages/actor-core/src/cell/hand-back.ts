import type { ActorRef } from '../actor/actor-ref.ts';
import { LocalRef } from './local-ref.ts';

/** Receives the messages, or envelopes, that an actor has not handled when it ends, in order. */
export type HandBack = (items: readonly unknown[]) => void;

const receivers = new WeakMap<object, HandBack>();

/**
 * Gives what waits in the mailbox of an actor of this node to `receiver` when the actor ends or is parked, instead of
 * making dead letters of it. Signals and timer messages belong to the actor and are discarded.
 */
export function handBackTo(ref: ActorRef<never>, receiver: HandBack): void {
  if (ref instanceof LocalRef) receivers.set(ref.actor, receiver);
}

/** The receiver of what the actor does not handle; undefined for almost every actor. */
export function handBackOf(actor: object): HandBack | undefined {
  return receivers.get(actor);
}
