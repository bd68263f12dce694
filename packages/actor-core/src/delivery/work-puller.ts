import type { ActorRef } from '../actor/actor-ref.ts';
import { receive, setup } from '../actor/behaviour.ts';
import type { Props } from '../actor/actor-context.ts';
import { props } from '../cell/create-props.ts';
import type { DeliveryFrame } from './delivery-frame.ts';
import { requireCount } from './delivery-options.ts';
import { reliableConsumer, type ReliableConsumerOptions } from './reliable-consumer.ts';
import type { WorkerOffer } from './work-dispatcher.ts';
import { optionNames, requireKnownOptions } from '../known-options.ts';

const pullerOptions = optionNames<WorkPullerOptions<never>>({
  dispatcher: true,
  window: true,
  offerMs: true,
  protocol: true,
  create: true,
  mailbox: true,
  restart: true,
});

/** How a worker gets and handles its work. */
export interface WorkPullerOptions<M> extends ReliableConsumerOptions<M> {
  readonly dispatcher: ActorRef<WorkerOffer<M>>;
  /**
   * Limit of messages that this worker holds, the current one included. @default 2: the next message is there when the
   * current one is done
   */
  readonly window?: number;
  /**
   * Interval at which the worker repeats its offer, so that a new incarnation of the dispatcher finds it. @default
   * 5_000
   */
  readonly offerMs?: number;
}

const defaultWorkWindow = 2;
const defaultOfferMs = 5_000;

/**
 * A worker of a `workDispatcher`. Its child `worker` is a `reliableConsumer`, which the worker offers while that child
 * runs. The worker ends with its child, and the dispatcher gives the unconfirmed messages to others.
 *
 * @throws InvalidArgumentError naming the option that is invalid
 */
export function workPuller<M>(options: WorkPullerOptions<M>): Props<'offer'> {
  requireKnownOptions('options', options, pullerOptions);
  const { dispatcher, offerMs = defaultOfferMs, window = defaultWorkWindow, ...consumer } = options;
  requireCount('offerMs', offerMs);
  const worker: Props<DeliveryFrame<M>> = {
    ...reliableConsumer<M>({ ...consumer, window }),
    significant: true,
  };
  const create = () =>
    setup<'offer'>((context) => {
      const child = context.spawn(worker, 'worker');
      const offer = () => dispatcher.tell(['offer', child]);
      offer();
      context.setInterval('offer', offerMs, 'offer');
      return receive(offer);
    });
  return props<'offer'>(create, { supervision: { autoShutdown: 'any-significant' } });
}
