import type { ActorContext } from '../actor/actor-context.ts';
import type { ActorRef } from '../actor/actor-ref.ts';
import { receive, setup } from '../actor/behaviour.ts';
import type { Props } from '../actor/actor-context.ts';
import { props } from '../cell/create-props.ts';
import type { z } from 'zod';
import { type DeliveryFrame, type DeliveryResult, type DemandWord, demandSchema } from './delivery-frame.ts';
import { type ProducerOptions, resolveProducerOptions } from './delivery-options.ts';
import { type ProducerEffect, ProducerWindow } from './producer-window.ts';
import { optionNames, requireKnownOptions } from '../known-options.ts';

const producerOptions = optionNames<ReliableProducerOptions<never>>({
  consumer: true,
  bufferLimit: true,
  resendMs: true,
  resendMaxMs: true,
});

/** A message to be delivered, and who wants to know once it is. */
export interface Send<M> {
  readonly type: 'send';
  readonly message: M;
  readonly replyTo?: ActorRef<DeliveryResult> | undefined;
}

/** What a reliable producer understands; from other nodes only a consumer's words. */
export type ProducerMessage<M> = Send<M> | DemandWord | readonly [kind: 'look'];

export interface ReliableProducerOptions<M> extends ProducerOptions {
  /** Best the ref of a path (`system.refFor`), which the consumer's next life answers to as well. */
  readonly consumer: ActorRef<DeliveryFrame<M>>;
}

/**
 * Delivers what it is sent to one `reliableConsumer`, in order and, while that lives, exactly once; the consumer's
 * credit bounds what is on the way. It keeps trying for as long as it lives. What it held is lost when it ends itself:
 * whoever must know waits for `confirmed`, and sends again what never was.
 *
 * @throws InvalidArgumentError naming the option that cannot be
 */
export function reliableProducer<M>(options: ReliableProducerOptions<M>): Props<ProducerMessage<M>> {
  requireKnownOptions('options', options, producerOptions);
  const windowOptions = resolveProducerOptions(options);
  const { consumer } = options;
  const create = () =>
    setup<ProducerMessage<M>>((context) => {
      const window = new ProducerWindow<Send<M>>(windowOptions);
      const look = lookTimer(context);
      const self = context.self as ActorRef<DemandWord>;
      const { incarnation: life, clock } = context;
      const perform = (effects: readonly ProducerEffect<Send<M>>[]) => {
        for (const effect of effects) send(effect, self, consumer, life);
        look(window.dueMs);
      };
      return receive((message) => {
        if (!Array.isArray(message)) {
          const command = message as Send<M>;
          if (window.isFull) command.replyTo?.tell({ type: 'refused', reason: 'buffer-full' });
          else perform(window.offer(command, clock.now()));
          return;
        }
        const word = message as Exclude<ProducerMessage<M>, Send<M>>;
        if (word[0] === 'look') {
          look.fired();
          perform(window.tick(clock.now()));
        } else if (word[2] === life) {
          perform(
            word[0] === 'unknown' ? window.unknown() : window.demand(word[3], word[4], word[5], clock.now()),
          );
        }
      });
    });
  return props<ProducerMessage<M>>(create, {
    protocol: demandSchema as unknown as z.ZodType<ProducerMessage<M>>,
  });
}

/** Carries out one effect of a producer's window. */
export function send<M>(
  effect: ProducerEffect<Send<M>>,
  producer: ActorRef<DemandWord>,
  consumer: ActorRef<DeliveryFrame<M>>,
  life: number,
  failures = 0,
): void {
  if (effect.type === 'hello') consumer.tell(['hello', producer, life, effect.first, effect.sent]);
  else if (effect.type === 'item') {
    const { sequence, isLast, entry } = effect;
    consumer.tell(
      failures === 0
        ? ['item', producer, life, sequence, isLast, entry.message]
        : ['item', producer, life, sequence, isLast, entry.message, failures],
    );
  } else effect.entry.replyTo?.tell({ type: 'confirmed' });
}

/** One timer for a deadline that mostly moves away: set again only when it fires or must fire earlier. */
export function lookTimer<M>(
  context: ActorContext<M | readonly [kind: 'look']>,
): ((dueMs: number | undefined) => void) & { fired(): void } {
  let armedMs: number | undefined;
  const arm = (dueMs: number | undefined) => {
    if (dueMs === undefined || (armedMs !== undefined && armedMs <= dueMs)) return;
    armedMs = dueMs;
    context.setTimer('look', Math.max(0, dueMs - context.clock.now()), ['look']);
  };
  const fired = () => {
    armedMs = undefined;
  };
  return Object.assign(arm, { fired });
}
