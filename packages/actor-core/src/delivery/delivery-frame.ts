import { z } from 'zod';
import type { ActorRef } from '../actor/actor-ref.ts';
import { senderRefSchema } from '../remoting/actor-ref-schema.ts';
import { growing } from '../remoting/growing-tuple.ts';

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
      /** How often a worker has ended with it in hand; left out at the first try. */
      failures?: number | undefined,
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
      /** Which incarnation of the consumer says so. */
      incarnation?: number | undefined,
    ]
  /** An item came from a producer of which this life of the consumer knows nothing: say hello. */
  | readonly [kind: 'unknown', consumer: ActorRef<never>, life: number, incarnation?: number | undefined];

const count = z.int().min(0);
const lifeSchema = z.int().min(1);
// Of the node that says it: nobody confirms or resets in another one's name.
const producerRef = senderRefSchema<DemandWord>();
const consumerRef = senderRefSchema<never>();

export const demandSchema: z.ZodType<DemandWord> = z.union([
  growing(z.literal('demand'), consumerRef, lifeSchema, count, count, count, count.optional()),
  growing(z.literal('unknown'), consumerRef, lifeSchema, count.optional()),
]);

export function deliverySchema<M>(message: z.ZodType<M>): z.ZodType<DeliveryFrame<M>> {
  return z.union([
    growing(z.literal('hello'), producerRef, lifeSchema, count, count),
    growing(
      z.literal('item'),
      producerRef,
      lifeSchema,
      z.int().min(1),
      z.boolean(),
      message,
      count.optional(),
    ),
  ]);
}

/** What becomes of a message given to a producer. */
export type DeliveryResult =
  /** A consumer has handled it. */
  | { readonly type: 'confirmed' }
  /** Work only: so many workers ended with it in hand that nobody is given it any more. */
  | { readonly type: 'parked'; readonly attempts: number }
  /** It was not taken: too many wait already. Try again later. */
  | { readonly type: 'refused'; readonly reason: 'buffer-full' };
