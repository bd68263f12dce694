import { z } from 'zod';
import type { ActorRef } from '../actor/actor-ref.ts';
import { senderRefSchema } from '../remoting/actor-ref-schema.ts';
import { growing } from '../remoting/growing-tuple.ts';

/**
 * Messages of ordered reliable delivery. On the wire they are positional tuples that only grow. A producer numbers its
 * items from 1 within a `channel`: its own incarnation, or the number of a worker's registration; a higher channel is
 * newer. The consumer confirms what it has handled and grants credit, both as totals, so that a lost, doubled or
 * reordered message costs time and nothing else.
 *
 * ```
 * producer                              consumer
 *   hello(channel, first, sent)  ───────▶         handshake: `first` … `sent` are not confirmed
 *          ◀─────── demand(channel, handled, upTo, resendFrom)
 *   item(channel, n, message)    ───────▶         n = handled + 1: handled; smaller: ignored; larger: a gap
 *          ◀─────── demand(…)                     regularly, and at once when the item requests it
 * ```
 */
export type DeliveryFrame<M> =
  | readonly [kind: 'hello', producer: ActorRef<DemandMessage>, channel: number, first: number, sent: number]
  | readonly [
      kind: 'item',
      producer: ActorRef<DemandMessage>,
      channel: number,
      sequence: number,
      /** No item follows for now: confirm at once. */
      isLast: boolean,
      message: M,
      /** Number of workers that ended while this was their current message; left out for 0. */
      failures?: number | undefined,
    ];

/** Messages of a consumer to a producer. */
export type DemandMessage =
  | readonly [
      kind: 'demand',
      consumer: ActorRef<never>,
      channel: number,
      handled: number,
      upTo: number,
      /** First sequence to send again; 0: nothing is missing. */
      resendFrom: number,
      /** Incarnation of the consumer that sends this. */
      incarnation?: number | undefined,
    ]
  /** An item arrived on a channel that this incarnation of the consumer does not know: a handshake is needed. */
  | readonly [kind: 'unknown', consumer: ActorRef<never>, channel: number, incarnation?: number | undefined];

const count = z.int().min(0);
const channelSchema = z.int().min(1);
// The sender must be an actor of the sending node: no node confirms or resets for another one.
const producerRef = senderRefSchema<DemandMessage>();
const consumerRef = senderRefSchema<never>();

export const demandSchema: z.ZodType<DemandMessage> = z.union([
  growing(z.literal('demand'), consumerRef, channelSchema, count, count, count, count.optional()),
  growing(z.literal('unknown'), consumerRef, channelSchema, count.optional()),
]);

export function deliverySchema<M>(message: z.ZodType<M>): z.ZodType<DeliveryFrame<M>> {
  return z.union([
    growing(z.literal('hello'), producerRef, channelSchema, count, count),
    growing(
      z.literal('item'),
      producerRef,
      channelSchema,
      z.int().min(1),
      z.boolean(),
      message,
      count.optional(),
    ),
  ]);
}

/** Outcome of a message that was given to a producer. */
export type DeliveryResult =
  /** A consumer has handled the message. */
  | { readonly type: 'confirmed' }
  /** Work only: too many workers ended while this was their current message, so no further worker gets it. */
  | { readonly type: 'parked'; readonly attempts: number }
  /** Refused: too many messages wait already, try again later; or, for a queue, it can never be accepted. */
  | { readonly type: 'refused'; readonly reason: 'buffer-full' | 'does-not-fit' };
