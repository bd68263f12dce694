import type { ActorContext } from './actor-context.ts';
import type { ActorRef } from './actor-ref.ts';
import { LocalRef } from './local-ref.ts';

/**
 * Hands the message that an actor handles on to another actor of this node, with all that belongs to it: who asks keeps
 * the deadline, and learns at once when the question is not delivered.
 */
export function forward<M>(context: ActorContext<M>, target: ActorRef<M>, message: M): void {
  const { self } = context;
  const inHand = self instanceof LocalRef ? self.cell.inHand : undefined;
  if (target instanceof LocalRef && inHand !== undefined && inHand.message === message)
    target.cell.deliver(inHand, false);
  else target.tell(message);
}
