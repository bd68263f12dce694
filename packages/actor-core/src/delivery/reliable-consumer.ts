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
import { type DeliveryFrame, type DemandWord, deliverySchema } from './delivery-frame.ts';
import { defaultDeliveryWindow, maxProducers, requireCount } from './delivery-options.ts';
import { optionNames, requireKnownOptions } from '../known-options.ts';

const consumerOptions = optionNames<ReliableConsumerOptions<never>>({
  protocol: true,
  create: true,
  window: true,
  mailbox: true,
  restart: true,
});

/** What a handler is told of a message beside itself. */
export interface DeliveryInfo {
  /**
   * Which try at it this is, from 1: one more than the workers that ended with it in hand, as far as a `workDispatcher`
   * knows. A `reliableProducer` does not count: always 1.
   */
  readonly attempt: number;
}

/** Handles one delivered message. A promise is awaited before the next one; a failure is the actor's failure. */
export type DeliveryHandler<M> = (
  message: M,
  context: ActorContext<DeliveryFrame<M>>,
  delivery: DeliveryInfo,
) => void | Promise<void>;

/** What is received reliably, and how it is handled. */
export interface ReliableConsumerOptions<M> {
  /** What a message must look like; also lets producers of other nodes in. */
  readonly protocol: z.ZodType<M>;
  /** Makes the handler of each incarnation. */
  readonly create: (context: ActorContext<DeliveryFrame<M>>) => DeliveryHandler<M>;
  /** Messages of one producer on their way here at most. All producers' together should fit the mailbox. @default 50 */
  readonly window?: number;
  readonly mailbox?: MailboxOptions | undefined;
  /** @default 'transient' */
  readonly restart?: RestartType | undefined;
}

/**
 * Receives from any number of producers: of each, every message once and in order, for as long as this incarnation
 * lives. A message counts as handled once its handler has returned. After a restart the next incarnation begins with
 * the first message that was not confirmed: one whose handler failed comes again, and so may, after a crash of the
 * process, some that were handled but not yet confirmed. What must happen once across lives must be idempotent.
 *
 * @throws InvalidArgumentError naming the option that cannot be
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
  const windows = new Map<string, { producer: ActorRef<DemandWord>; window: ConsumerWindow }>();
  const self = context.self as ActorRef<never>;

  const tell = (producer: ActorRef<DemandWord>, life: number, demand: Demand | undefined) => {
    if (demand === undefined) return;
    const { handled, upTo, resendFrom } = demand;
    producer.tell(['demand', self, life, handled, upTo, resendFrom, context.incarnation]);
  };
  const windowOf = (producer: ActorRef<DemandWord>) => {
    const key = refKey(producer);
    const known = windows.get(key);
    const window = known?.window ?? new ConsumerWindow(options.window ?? defaultDeliveryWindow);
    // Put at the end again: the first is the one silent for longest.
    windows.delete(key);
    windows.set(key, { producer, window });
    if (windows.size > maxProducers) windows.delete(windows.keys().next().value as string);
    return window;
  };
  const item = (frame: Extract<DeliveryFrame<M>, readonly ['item', ...unknown[]]>): void | Promise<void> => {
    const [, producer, life, sequence, isLast, message, failures = 0] = frame;
    const window = windowOf(producer);
    const verdict = window.item(life, sequence);
    if (verdict === 'ignore') return;
    if (verdict === 'unknown') return producer.tell(['unknown', self, life, context.incarnation]);
    if (verdict !== 'handle') return tell(producer, life, verdict);
    const outcome = handle(message, context, { attempt: failures + 1 });
    if (outcome === undefined) return tell(producer, life, window.done(isLast));
    return outcome.then(() => tell(producer, life, window.done(isLast)));
  };
  return receive<DeliveryFrame<M>>(
    (frame) => {
      if (frame[0] === 'item') return item(frame);
      const [, producer, life, first, sent] = frame;
      return tell(producer, life, windowOf(producer).hello(life, first, sent));
    },
    (signal) => {
      if (signal.type === 'terminated') return;
      for (const { producer, window } of windows.values()) tell(producer, window.producerLife, window.rest());
    },
  );
}
