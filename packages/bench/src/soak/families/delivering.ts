import { type ActorRef, props, receive } from '@drover/actor-core';
import { actorRefSchema } from '@drover/actor-core/cluster';
import {
  type DeliveryFrame,
  type DeliveryResult,
  type ProducerMessage,
  reliableConsumer,
  reliableProducer,
} from '@drover/actor-core/patterns';
import { z } from 'zod';
import { askTimeoutMs, expectEqual, type Family, type SoakNode } from '../family.ts';

const parcel = z.object({ seq: z.number().int(), text: z.string().max(1024) });
type Parcel = z.infer<typeof parcel>;
const depotMessage = z.object({ replyTo: actorRefSchema<number>() });
type DepotMessage = z.infer<typeof depotMessage>;
const text = 'x'.repeat(64);

/** Reliable delivery to the other process: every message arrives once and in order, and is confirmed. */
export function delivering({ node, peer }: SoakNode): Family {
  const { system } = node;
  const received = { inOrder: 0, wrong: 0 };
  system.spawn(
    reliableConsumer<Parcel>({
      protocol: parcel,
      create: () => (message) => {
        if (message.seq === received.inOrder + 1) received.inOrder++;
        else received.wrong++;
      },
    }),
    'consumer',
  );
  const depot = receive<DepotMessage>(({ replyTo }) => replyTo.tell(received.inOrder - received.wrong));
  system.spawn(
    props(() => depot, { protocol: depotMessage }),
    'depot',
  );
  const consumer = system.refFor<DeliveryFrame<Parcel>>(peer, 'consumer');
  const producer = system.spawn(reliableProducer<Parcel>({ consumer }), 'reliable-producer');
  let sent = 0;
  return {
    operations: [
      {
        name: 'reliable delivery',
        weight: 300,
        run: async () => {
          const message = { seq: ++sent, text };
          const send = (replyTo: ActorRef<DeliveryResult>): ProducerMessage<Parcel> => ({
            type: 'send',
            message,
            replyTo,
          });
          const result = await system.ask<ProducerMessage<Parcel>, DeliveryResult>(producer, send, {
            timeoutMs: askTimeoutMs,
          });
          expectEqual('delivery', result.type, 'confirmed');
        },
      },
    ],
    audit: async () => {
      const there = system.refFor<DepotMessage>(peer, 'depot');
      const delivered = await system.ask<DepotMessage, number>(there, (replyTo) => ({ replyTo }), {
        timeoutMs: askTimeoutMs,
      });
      return [{ name: 'reliable deliveries, once and in order', sent, delivered }];
    },
  };
}
