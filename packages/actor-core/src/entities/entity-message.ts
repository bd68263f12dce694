import { z } from 'zod';
import type { ActorRef } from '../actor/actor-ref.ts';
import { actorRefSchema } from '../remoting/actor-ref-schema.ts';
import { growing } from '../remoting/growing-tuple.ts';
import type { Intent } from './decide-entity.ts';

/** Path of the actor that receives the messages for the entities of a node. */
export const entitiesPath = 'entities';

/** Messages between the nodes about their entities. Positional tuples that only grow. */
export type EntityMessage =
  /**
   * A message for an entity. `origin`: the `entities` actor of the node that sent it first; `ticket`: number of the
   * question there, 0 for none; `restMs`: for how long it may wait; `hops`: how often it was forwarded.
   */
  | readonly [
      kind: 'deliver',
      type: string,
      key: string,
      message: unknown,
      origin: ActorRef<EntityMessage>,
      ticket: number,
      restMs: number,
      hops: number,
      isControl: boolean,
    ]
  /** To the origin: the entity is on that node, and the question with the ticket went there. */
  | readonly [kind: 'moved', type: string, key: string, node: string, ticket: number]
  /** To the origin: the question is not answered. */
  | readonly [kind: 'refused', ticket: number, reason: string, detail: string]
  /** What is wanted of an entity without a message. */
  | readonly [
      kind: 'intend',
      intent: Intent,
      type: string,
      key: string,
      hops: number,
      replyTo: ActorRef<Intent> | null,
    ]
  /** To the node that an owner record named before: the entity was taken with that fence. */
  | readonly [kind: 'taken', type: string, key: string, fence: number];

const type = z.string().min(1).max(64);
const key = z.string().min(1).max(128);
const count = z.int().min(0);

export const entityMessageSchema: z.ZodType<EntityMessage> = z.union([
  growing(
    z.literal('deliver'),
    type,
    key,
    z.unknown(),
    actorRefSchema<EntityMessage>(),
    count,
    z.number().min(0),
    count,
    z.boolean(),
  ),
  growing(z.literal('moved'), type, key, z.string(), count),
  growing(z.literal('refused'), count, z.string(), z.string()),
  growing(
    z.literal('intend'),
    z.enum(['start', 'remove']),
    type,
    key,
    count,
    actorRefSchema<Intent>().nullable(),
  ),
  growing(z.literal('taken'), type, key, count),
]);
