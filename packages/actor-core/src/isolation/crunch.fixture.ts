import type { ActorRef } from '../actor/actor-ref.ts';
import { stopped } from '../actor/behaviour.ts';
import type { WorkerHandler } from './worker-props.ts';

export type Crunch =
  | { readonly do: 'add'; readonly amount: number; readonly replyTo: ActorRef<number> }
  | { readonly do: 'spin' | 'fail' | 'bye' | 'exit' };

/** Adds up, and counts into shared memory as long as it spins. */
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
      default:
        return undefined;
    }
  };
}
