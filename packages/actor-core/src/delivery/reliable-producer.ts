import type { ActorContext } from '../actor/actor-context.ts';
import type { ActorRef } from '../actor/actor-ref.ts';
import { receive, setup } from '../actor/behaviour.ts';
import type { Props } from '../actor/actor-context.ts';
import { props } from '../cell/create-props.ts';
import type { z } from 'zod';
import {
  type DeliveryFrame,
  type DeliveryResult,
  type DemandMessage,
  demandSchema,
} from './delivery-frame.ts';
import { type ProducerOptions, resolveProducerOptions } from './delivery-options.ts';
import { type ProducerEffect, ProducerWindow } from './producer-window.ts';
import { optionNames, requireKnownOptions } from '../known-options.ts';

const producerOptions = optionNames<ReliableProducerOptions<never>>({
  consumer: true,
  bufferLimit: true,
  resendMs: true,
  resendMaxMs: true,
});

/** A message to deliver, and the actor that is told the outcome. */
export interface Send<M> {
  readonly type: 'send';
  readonly message: M;
  readonly replyTo?: ActorRef<DeliveryResult> | undefined;
}

/** Messages of a reliable producer. Other nodes may send only those of a consumer. */
export type ProducerMessage<M> = Send<M> | DemandMessage | readonly [kind: 'resend'];

export interface ReliableProducerOptions<M> extends ProducerOptions {
  /**
   * The consumer. Prefer the ref of a path (`system.refFor`), which the next incarnation of the consumer answers to as
   * well.
   */
  readonly consumer: ActorRef<DeliveryFrame<M>>;
}

/**
 * Delivers the messages that it is sent to one `reliableConsumer`: in order and, within one incarnation of the
 * consumer, exactly once. The credit of the consumer bounds the messages in flight. The producer keeps trying as long
 * as it runs. Messages that it holds are lost when it ends: a sender that must know waits for `confirmed`, and sends
 * unconfirmed messages again.
 *
 * @throws InvalidArgumentError naming the option that is invalid
 */
export function reliableProducer<M>(options: ReliableProducerOptions<M>): Props<ProducerMessage<M>> {
  requireKnownOptions('options', options, producerOptions);
  const windowOptions = resolveProducerOptions(options);
  const { consumer } = options;
  const create = () =>
    setup<ProducerMessage<M>>((context) => {
      const window = new ProducerWindow<Send<M>>(windowOptions);
      const timer = resendTimer(context);
      const self = context.self as ActorRef<DemandMessage>;
      const { incarnation: channel, clock } = context;
      const perform = (effects: readonly ProducerEffect<Send<M>>[]) => {
        for (const effect of effects) send(effect, self, consumer, channel);
        timer(window.dueMs);
      };
      return receive((message) => {
        if (!Array.isArray(message)) {
          const command = message as Send<M>;
          if (window.isFull) command.replyTo?.tell({ type: 'refused', reason: 'buffer-full' });
          else perform(window.offer(command, clock.now()));
          return;
        }
        const other = message as Exclude<ProducerMessage<M>, Send<M>>;
        if (other[0] === 'resend') {
          timer.fired();
          perform(window.tick(clock.now()));
        } else if (other[2] === channel) {
          perform(
            other[0] === 'unknown'
              ? window.unknown()
              : window.demand(other[3], other[4], other[5], clock.now()),
          );
        }
      });
    });
  return props<ProducerMessage<M>>(create, {
    protocol: demandSchema as unknown as z.ZodType<ProducerMessage<M>>,
  });
}

/** Performs one effect of a producer's window. */
export function send<M>(
  effect: ProducerEffect<Send<M>>,
  producer: ActorRef<DemandMessage>,
  consumer: ActorRef<DeliveryFrame<M>>,
  channel: number,
  failures = 0,
): void {
  if (effect.type === 'hello') consumer.tell(['hello', producer, channel, effect.first, effect.sent]);
  else if (effect.type === 'item') {
    const { sequence, isLast, entry } = effect;
    consumer.tell(
      failures === 0
        ? ['item', producer, channel, sequence, isLast, entry.message]
        : ['item', producer, channel, sequence, isLast, entry.message, failures],
    );
  } else effect.entry.replyTo?.tell({ type: 'confirmed' });
}

/** One timer for a deadline that mostly moves later: it is set again only when it fires or must fire earlier. */
export function resendTimer<M>(
  context: ActorContext<M | readonly [kind: 'resend']>,
): ((dueMs: number | undefined) => void) & { fired(): void } {
  let armedMs: number | undefined;
  const arm = (dueMs: number | undefined) => {
    if (dueMs === undefined || (armedMs !== undefined && armedMs <= dueMs)) return;
    armedMs = dueMs;
    context.setTimer('resend', Math.max(0, dueMs - context.clock.now()), ['resend']);
  };
  const fired = () => {
    armedMs = undefined;
  };
  return Object.assign(arm, { fired });
}
