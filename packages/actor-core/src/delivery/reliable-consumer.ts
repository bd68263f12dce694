import type { z } from 'zod';
import type { ActorContext } from '../actor/actor-context.ts';
import type { ActorRef } from '../actor/actor-ref.ts';
import { receive, setup } from '../actor/behaviour.ts';
import type { RestartType } from '../actor/supervision-options.ts';
import type { MailboxOptions } from '../actor/mailbox-options.ts';
import type { Props } from '../actor/actor-context.ts';
import { props } from '../cell/create-props.ts';
import { refKey } from '../actor/ref-key.ts';
import { ConsumerWindow, type Demand } from './consumer-window.ts';
import { type DeliveryFrame, type DemandMessage, deliverySchema } from './delivery-frame.ts';
import { defaultDeliveryWindow, maxProducers, requireCount } from './delivery-options.ts';
import { optionNames, requireKnownOptions } from '../known-options.ts';

const consumerOptions = optionNames<ReliableConsumerOptions<never>>({
  protocol: true,
  create: true,
  window: true,
  mailbox: true,
  restart: true,
});

/** What a handler learns about a message besides the message itself. */
export interface DeliveryInfo {
  /**
   * Number of this attempt at the message, from 1: one more than the workers that ended while this was their current
   * message, as far as a `workDispatcher` knows. A `reliableProducer` does not count attempts: always 1.
   */
  readonly attempt: number;
}

/**
 * Handles one delivered message. A promise is awaited before the next message; a rejection or throw is a failure of the
 * actor.
 */
export type DeliveryHandler<M> = (
  message: M,
  context: ActorContext<DeliveryFrame<M>>,
  delivery: DeliveryInfo,
) => void | Promise<void>;

/** What a consumer receives, and how it handles that. */
export interface ReliableConsumerOptions<M> {
  /** Schema of a message; it also allows producers on other nodes. */
  readonly protocol: z.ZodType<M>;
  /** Creates the handler of each incarnation. */
  readonly create: (context: ActorContext<DeliveryFrame<M>>) => DeliveryHandler<M>;
  /**
   * Limit of messages in flight from one producer. Those of all producers together should fit the mailbox. @default 50
   */
  readonly window?: number;
  readonly mailbox?: MailboxOptions | undefined;
  /** @default 'transient' */
  readonly restart?: RestartType | undefined;
}

/**
 * Receives from any number of producers; of each, every message once and in order, within one incarnation. A message
 * counts as handled when its handler has returned. After a restart the next incarnation begins with the first message
 * that was not confirmed: the message whose handler failed comes again, and after a crash of the process so may some
 * that were handled and not yet confirmed. An effect that must happen once across incarnations must be idempotent.
 *
 * @throws InvalidArgumentError naming the option that is invalid
 */
export function reliableConsumer<M>(options: ReliableConsumerOptions<M>): Props<DeliveryFrame<M>> {
  requireKnownOptions('options', options, consumerOptions);
  requireCount('window', options.window ?? defaultDeliveryWindow);
  const create = () =>
    setup<DeliveryFrame<M>>((context) => consume(context, options, options.create(context)));
  const { protocol, mailbox, restart } = options;
  return props<DeliveryFrame<M>>(create, { protocol: deliverySchema(protocol), mailbox, restart });
}

function consume<M>(
  context: ActorContext<DeliveryFrame<M>>,
  options: ReliableConsumerOptions<M>,
  handle: DeliveryHandler<M>,
) {
  const windows = new Map<string, { producer: ActorRef<DemandMessage>; window: ConsumerWindow }>();
  const self = context.self as ActorRef<never>;

  const tell = (producer: ActorRef<DemandMessage>, channel: number, demand: Demand | undefined) => {
    if (demand === undefined) return;
    const { handled, upTo, resendFrom } = demand;
    producer.tell(['demand', self, channel, handled, upTo, resendFrom, context.incarnation]);
  };
  const windowOf = (producer: ActorRef<DemandMessage>) => {
    const key = refKey(producer);
    const known = windows.get(key);
    const window = known?.window ?? new ConsumerWindow(options.window ?? defaultDeliveryWindow);
    // Moved to the end: the first entry is the producer that was silent for longest.
    windows.delete(key);
    windows.set(key, { producer, window });
    if (windows.size > maxProducers) windows.delete(windows.keys().next().value as string);
    return window;
  };
  const item = (frame: Extract<DeliveryFrame<M>, readonly ['item', ...unknown[]]>): void | Promise<void> => {
    const [, producer, channel, sequence, isLast, message, failures = 0] = frame;
    const window = windowOf(producer);
    const verdict = window.item(channel, sequence);
    if (verdict === 'ignore') return;
    if (verdict === 'unknown') return producer.tell(['unknown', self, channel, context.incarnation]);
    if (verdict !== 'handle') return tell(producer, channel, verdict);
    const outcome = handle(message, context, { attempt: failures + 1 });
    if (outcome === undefined) return tell(producer, channel, window.done(isLast));
    return outcome.then(() => tell(producer, channel, window.done(isLast)));
  };
  return receive<DeliveryFrame<M>>(
    (frame) => {
      if (frame[0] === 'item') return item(frame);
      const [, producer, channel, first, sent] = frame;
      return tell(producer, channel, windowOf(producer).hello(channel, first, sent));
    },
    (signal) => {
      if (signal.type === 'terminated') return;
      for (const { producer, window } of windows.values()) tell(producer, window.channel, window.rest());
    },
  );
}
