import { z } from 'zod';
import type { ActorRef } from '../actor/actor-ref.ts';
import { BaseRef } from '../actor/base-ref.ts';

const schema = z.custom<unknown>((value) => value instanceof BaseRef, 'must be an actor ref');

/** Node whose frame is being read; '' while none is. Reading is synchronous, so one at a time. */
let frameSender = '';

/** Says whose frame is being read from now on; '' for nobody's. */
export function setFrameSender(node: string): void {
  frameSender = node;
}

const ofSender = z.custom<unknown>(
  (value) => value instanceof BaseRef && (frameSender === '' || value.address.node === frameSender),
  'must be a ref of the node that sends it',
);

/**
 * As `actorRefSchema`, for a ref by which a message says who sends it: only one of the very node that the message
 * comes from is let through. NATS permissions vouch for that node, so nobody can speak in another one's name.
 */
export function senderRefSchema<M>(): z.ZodType<ActorRef<M>> {
  return ofSender as unknown as z.ZodType<ActorRef<M>>;
}

/** Lets a ref through a protocol's schema as it is: `z.object({ type: z.literal('get'), replyTo: actorRefSchema<Reply>() })`. */
export function actorRefSchema<M>(): z.ZodType<ActorRef<M>> {
  return schema as unknown as z.ZodType<ActorRef<M>>;
}
