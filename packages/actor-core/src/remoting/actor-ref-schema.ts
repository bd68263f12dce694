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
 * frame, so that no node can impersonate another; NATS permissions guarantee the frame's sender. A ref that did not
 * come in a frame is refused: protocols are checked only for messages from other nodes.
 */
export function senderRefSchema<M>(): z.ZodType<ActorRef<M>> {
  return ofSender as unknown as z.ZodType<ActorRef<M>>;
}

/** Lets a ref through a protocol's schema as it is: `z.object({ type: z.literal('get'), replyTo: actorRefSchema<Reply>() })`. */
export function actorRefSchema<M>(): z.ZodType<ActorRef<M>> {
  return schema as unknown as z.ZodType<ActorRef<M>>;
}
