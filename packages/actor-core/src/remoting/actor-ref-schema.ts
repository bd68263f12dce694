import { z } from 'zod';
import type { ActorRef } from '../actor/actor-ref.ts';
import { BaseRef } from '../actor/base-ref.ts';
import { RemoteRef } from './remote-ref.ts';

const schema = z.custom<unknown>((value) => value instanceof BaseRef, 'must be an actor ref');

const ofSender = z.custom<unknown>(
  (value) => value instanceof RemoteRef && value.broughtBy === value.address.node,
  'must be a ref of the node that sends it',
);

/**
 * As `actorRefSchema`, for a ref by which a message says who sends it: only one of the very node whose frame brought it
 * is let through, so that no node can speak in another one's name; NATS permissions vouch for the frame's sender. A ref
 * that came in no frame is refused: a protocol is only checked for what comes from other nodes.
 */
export function senderRefSchema<M>(): z.ZodType<ActorRef<M>> {
  return ofSender as unknown as z.ZodType<ActorRef<M>>;
}

/** Lets a ref through a protocol's schema as it is: `z.object({ type: z.literal('get'), replyTo: actorRefSchema<Reply>() })`. */
export function actorRefSchema<M>(): z.ZodType<ActorRef<M>> {
  return schema as unknown as z.ZodType<ActorRef<M>>;
}
