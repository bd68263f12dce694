import { MessageChannel } from 'node:worker_threads';
import type { ActorRef } from '../actor/actor-ref.ts';
import { stopped } from '../actor/behaviour.ts';
import type { WorkerHandler } from './worker-props.ts';

export type Crunch =
  | { readonly do: 'add'; readonly amount: number; readonly replyTo: ActorRef<number> }
  | { readonly do: 'spin' | 'fail' | 'bye' | 'exit' | 'mute' | 'stray' | 'slip-away' };

const { port1, port2: port } = new MessageChannel();
port1.on('message', (word) => port1.postMessage(word));
for (const end of [port1, port]) end.unref();

/** Adds numbers, and counts into shared memory while it spins. */
export function crunch(shared: Int32Array): WorkerHandler<Crunch> {
  let sum = 0;
  return async (message) => {
    switch (message.do) {
      case 'add':
        sum += message.amount;
        message.replyTo.tell(sum);
        return undefined;
      case 'spin':
        for (;;) Atomics.add(shared, 0, 1);
      case 'fail':
        throw new RangeError('asked to');
      case 'bye':
        return stopped;
      case 'exit':
        return process.exit(3);
      case 'mute':
        return new Promise<never>(() => {});
      case 'stray':
        void Promise.reject(new RangeError('handled by nobody'));
        return undefined;
      case 'slip-away':
        // After the notice that this message is handled has been sent.
        port.once('message', () => process.exit(4));
        port.postMessage(0);
        return undefined;
      default:
        return undefined;
    }
  };
}
