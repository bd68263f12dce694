import type { ActorContext } from '../actor/actor-context.ts';
import type { ActorRef } from '../actor/actor-ref.ts';
import { LocalRef } from '../system/local-ref.ts';

/**
 * Forwards the message that an actor handles to another actor of this node, with its sender and headers: the asker keeps
 * the deadline, and gets an error at once when the question cannot be delivered.
 */
export function forward<M>(context: ActorContext<M>, target: ActorRef<M>, message: M): void {
  const { self } = context;
  const currentEnvelope = self instanceof LocalRef ? self.cell.currentEnvelope : undefined;
  if (target instanceof LocalRef && currentEnvelope !== undefined && currentEnvelope.message === message)
    target.cell.deliver(currentEnvelope, false);
  else target.tell(message);
}
