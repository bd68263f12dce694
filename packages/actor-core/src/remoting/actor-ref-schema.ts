import { z } from 'zod';
import type { ActorRef } from '../actor/actor-ref.ts';
import { BaseRef } from '../actor/base-ref.ts';

const schema = z.custom<unknown>((value) => value instanceof BaseRef, 'must be an actor ref');

/** Lets a ref through a protocol's schema as it is: `z.object({ type: z.literal('get'), replyTo: actorRefSchema<Reply>() })`. */
export function actorRefSchema<M>(): z.ZodType<ActorRef<M>> {
  return schema as unknown as z.ZodType<ActorRef<M>>;
}
