import type { ActorContext } from '../actor/actor-context.ts';
import type { DeadLetterReason, JournalEvent } from '../actor/runtime-event.ts';
import { LocalRef } from '../cell/local-ref.ts';
import type { DroverError } from '../errors.ts';

/** Reports an event of a journal to the listeners of the actor's system. */
export function reportJournal<M>(context: ActorContext<M>, event: Omit<JournalEvent, 'type' | 'path'>): void {
  const { self, path } = context;
  if (self instanceof LocalRef) self.actor.node.events.emit({ type: 'journal', path, ...event });
}

/** Reports the message that is being handled as a dead letter; its asker, if it is a question, gets the error. */
export function refuseMessage<M>(
  { self }: ActorContext<M>,
  message: M,
  reason: DeadLetterReason,
  error: DroverError,
): void {
  if (!(self instanceof LocalRef)) return;
  const { currentEnvelope, node, address } = self.actor;
  const ask = currentEnvelope?.message === message ? currentEnvelope.ask : undefined;
  node.events.deadLetter(address, reason, ask, error, message);
}
