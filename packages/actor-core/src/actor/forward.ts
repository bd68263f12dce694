import type { ActorContext } from './actor-context.ts';
import type { ActorRef } from './actor-ref.ts';
import { LocalRef } from './local-ref.ts';

/**
 * Forwards the message that an actor handles to another actor of this node, with its sender and headers: the asker keeps
 * the deadline, and gets an error at once when the question cannot be delivered.
 */
export function forward<M>(context: ActorContext<M>, target: ActorRef<M>, message: M): void {
  const { self } = context;
  const inHand = self instanceof LocalRef ? self.cell.inHand : undefined;
  if (target instanceof LocalRef && inHand !== undefined && inHand.message === message)
    target.cell.deliver(inHand, false);
  else target.tell(message);
}
