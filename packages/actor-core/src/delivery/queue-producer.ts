import type { ActorContext, Props } from '../actor/actor-context.ts';
import { receive, setup } from '../actor/behaviour.ts';
import { props } from '../cell/create-props.ts';
import { StoreUnavailableError } from '../errors.ts';
import { optionNames, requireKnownOptions } from '../known-options.ts';
import type { NewTask, WorkQueue } from '../storage/work-queue/work-queue.ts';
import type { DeliveryResult } from './delivery-frame.ts';
import { requireCount } from './delivery-options.ts';
import type { Send } from './reliable-producer.ts';
import { encodeTask } from './task-body.ts';

/** A message for a queue. */
export interface SendToQueue<M> extends Send<M> {
  /** Id of the task: 1 to 64 of A-Z a-z 0-9 _ -. A repetition with the same id is accepted once. @default a new one */
  readonly id?: string;
  /** As in `NewTask`. */
  readonly priority?: number;
  /** As in `NewTask`. */
  readonly delayMs?: number;
}

/** Where a producer puts its messages, and how many may wait. */
export interface QueueProducerOptions {
  readonly queue: WorkQueue;
  /** Messages that are kept until the queue has accepted them; more are refused. @default 1_000 */
  readonly bufferLimit?: number;
  /** Pause before a message that the store did not confirm is sent again. @default 500 */
  readonly retryMs?: number;
}

const producerOptions = optionNames<QueueProducerOptions>({ queue: true, bufferLimit: true, retryMs: true });
const defaultBufferLimit = 1_000;
const defaultRetryMs = 500;

/**
 * Puts the messages that it is sent into a durable queue. `confirmed` means that the queue has the message: it is
 * handled at least once, whatever ends meanwhile. While the store does not confirm it, the message is sent again under
 * the same id, which the queue accepts once. Messages that are not confirmed are lost with the producer.
 *
 * @throws InvalidArgumentError naming the option that is invalid
 */
export function queueProducer<M>(options: QueueProducerOptions): Props<SendToQueue<M>> {
  requireKnownOptions('options', options, producerOptions);
  const { queue, bufferLimit = defaultBufferLimit, retryMs = defaultRetryMs } = options;
  requireCount('bufferLimit', bufferLimit);
  requireCount('retryMs', retryMs);
  return props<SendToQueue<M>>(() =>
    setup((context) => {
      let waiting = 0;
      const put = async (message: SendToQueue<M>): Promise<void> => {
        const result = await putUntilConfirmed(queue, taskOf(message, context), context, retryMs);
        waiting--;
        if (result !== undefined) message.replyTo?.tell(result);
      };
      return receive((message) => {
        if (waiting >= bufferLimit) message.replyTo?.tell({ type: 'refused', reason: 'buffer-full' });
        else {
          waiting++;
          void put(message);
        }
      });
    }),
  );
}

function taskOf<M>(
  { id, message, priority, delayMs }: SendToQueue<M>,
  { random }: ActorContext<SendToQueue<M>>,
): NewTask {
  return {
    id: id ?? random.id(),
    body: encodeTask(message),
    ...(priority === undefined ? {} : { priority }),
    ...(delayMs === undefined ? {} : { delayMs }),
  };
}

/** Undefined where the producer ended first. */
async function putUntilConfirmed<M>(
  queue: WorkQueue,
  task: NewTask,
  { clock, log, signal }: ActorContext<SendToQueue<M>>,
  retryMs: number,
): Promise<DeliveryResult | undefined> {
  while (!signal.aborted) {
    try {
      await queue.put(task);
      return { type: 'confirmed' };
    } catch (error) {
      if (!(error instanceof StoreUnavailableError)) {
        log.error({ queue: queue.name, task: task.id, err: error }, 'a message does not fit the queue');
        return { type: 'refused', reason: 'does-not-fit' };
      }
    }
    await new Promise<void>((resolve) => clock.setTimer(retryMs, resolve));
  }
  return undefined;
}
