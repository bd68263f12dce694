import { type MessagePort, parentPort, workerData } from 'node:worker_threads';
import type { ActorAddress, ActorRef, TellOptions } from '../actor/actor-ref.ts';
import { BaseRef } from '../actor/base-ref.ts';
import { decodeValue, encodeValue } from '../remoting/frame-codec.ts';
import type { WorkerHandler, WorkerRecipe } from './worker-props.ts';
import type { FromWorker, ToWorker, WorkerStart } from './worker-message.ts';

/** Entry point of the worker thread: creates the handler, then handles one message after another. */
async function main(port: MessagePort, start: WorkerStart): Promise<void> {
  const post = (message: FromWorker) => port.postMessage(message);

  /** A ref whose messages go through the thread that owns the actor. */
  class WorkerRef extends BaseRef implements ActorRef<never> {
    readonly address: ActorAddress;
    constructor(address: ActorAddress) {
      super();
      this.address = address;
    }
    tell(message: never, options?: TellOptions): void {
      const control = options?.lane === 'control';
      post({ type: 'tell', to: this.address, message: encodeValue(message), control });
    }
  }

  const { module, exportName, self, path, incarnation, data } = start;
  const exported = ((await import(module)) as Record<string, unknown>)[exportName];
  if (typeof exported !== 'function') throw new TypeError(`${module} exports no function ${exportName}`);
  const handle: WorkerHandler<never> = await (exported as WorkerRecipe<never>)(data as never);
  const handleOne = async ({ message, trace }: ToWorker) => {
    try {
      const decoded = decodeValue(message, (address) => new WorkerRef(address)) as never;
      const next = await handle(decoded, { self: new WorkerRef(self), path, incarnation, trace });
      post({ type: 'done', stops: next?.kind === 'stopped' });
    } catch (error) {
      const { name, message: text, stack } = error instanceof Error ? error : new Error(String(error));
      post({ type: 'failed', name, message: text, stack });
    }
  };
  port.on('message', (next: ToWorker) => void handleOne(next));
}

if (parentPort !== null) await main(parentPort, workerData as WorkerStart);
