import { z } from 'zod';
import type { ActorRef } from '../actor/actor-ref.ts';
import { BaseRef } from '../actor/base-ref.ts';
import { RemoteRef } from '../system/remote-ref.ts';

const schema = z.custom<unknown>((value) => value instanceof BaseRef, 'must be an actor ref');

const ofSender = z.custom<unknown>(
  (value) => value instanceof RemoteRef && value.broughtBy === value.address.node,
  'must be a ref of the node that sends it',
);

/**
 * As `actorRefSchema`, for a ref that identifies the sender of a message. Accepts only refs of the node that sent the
 * frame, which NATS permissions guarantee, so that no node can impersonate another. Refuses a ref that did not arrive
 * in a frame: protocols are checked only for messages of other nodes.
 */
export function senderRefSchema<M>(): z.ZodType<ActorRef<M>> {
  return ofSender as unknown as z.ZodType<ActorRef<M>>;
}

/** The schema of a ref inside a protocol: `z.object({ type: z.literal('get'), replyTo: actorRefSchema<Reply>() })`. */
export function actorRefSchema<M>(): z.ZodType<ActorRef<M>> {
  return schema as unknown as z.ZodType<ActorRef<M>>;
}
