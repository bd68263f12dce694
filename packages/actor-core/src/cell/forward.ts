import type { ActorContext } from '../actor/actor-context.ts';
import type { ActorRef } from '../actor/actor-ref.ts';
import { LocalRef } from './local-ref.ts';

/**
 * Forwards the current message of an actor to another actor of this node, with its sender and headers: the asker keeps
 * its deadline, and gets an error at once when the question cannot be delivered.
 */
export function forward<M>(context: ActorContext<M>, target: ActorRef<M>, message: M): void {
  const { self } = context;
  const envelope = self instanceof LocalRef ? self.actor.currentEnvelope : undefined;
  if (target instanceof LocalRef && envelope !== undefined && envelope.message === message)
    target.actor.deliver(envelope, false);
  else target.tell(message);
}
