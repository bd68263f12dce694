import { z } from 'zod';
import type { ActorRef } from '../actor/actor-ref.ts';
import { actorRefSchema } from '../remoting/actor-ref-schema.ts';

/**
 * Ordered reliable delivery, as told on the wire; positional and only growing. A producer numbers its messages from 1
 * within one `life` of it. The consumer confirms what it has handled and grants credit, both as totals, so that
 * losing, doubling or reordering any of these words costs time and nothing else.
 *
 * ```
 * producer                              consumer
 *   hello(life, first, sent)   ───────▶           I am here; you may need `first` … `sent`
 *          ◀─────── demand(life, handled, upTo, resendFrom)
 *   item(life, n, message)     ───────▶           n = handled + 1: handled; smaller: ignored; larger: a gap
 *          ◀─────── demand(…)                     now and then, and at once where the item asks for it
 * ```
 */
export type DeliveryFrame<M> =
  | readonly [kind: 'hello', producer: ActorRef<DemandWord>, life: number, first: number, sent: number]
  | readonly [
      kind: 'item',
      producer: ActorRef<DemandWord>,
      life: number,
      sequence: number,
      /** Nothing follows for now: confirm at once. */
      isLast: boolean,
      message: M,
    ];

/** What a consumer tells a producer. */
export type DemandWord =
  | readonly [
      kind: 'demand',
      consumer: ActorRef<never>,
      life: number,
      handled: number,
      upTo: number,
      /** Send again from here; 0: nothing is missing. */
      resendFrom: number,
    ]
  /** An item came from a producer of which this life of the consumer knows nothing: say hello. */
  | readonly [kind: 'unknown', consumer: ActorRef<never>, life: number];

const count = z.int().min(0);
const lifeSchema = z.int().min(1);
const producerRef = actorRefSchema<DemandWord>();
const consumerRef = actorRefSchema<never>();

export const demandSchema: z.ZodType<DemandWord> = z.union([
  z.tuple([z.literal('demand'), consumerRef, lifeSchema, count, count, count]),
  z.tuple([z.literal('unknown'), consumerRef, lifeSchema]),
]);

export function deliverySchema<M>(message: z.ZodType<M>): z.ZodType<DeliveryFrame<M>> {
  return z.union([
    z.tuple([z.literal('hello'), producerRef, lifeSchema, count, count]),
    z.tuple([z.literal('item'), producerRef, lifeSchema, z.int().min(1), z.boolean(), message]),
  ]);
}

/** What becomes of a message given to a producer. */
export type DeliveryResult =
  /** A consumer has handled it. */
  | { readonly type: 'confirmed' }
  /** It was not taken: too many wait already. Try again later. */
  | { readonly type: 'refused'; readonly reason: 'buffer-full' };
