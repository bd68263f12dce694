import { Worker } from 'node:worker_threads';
import { stopped } from '../actor/behaviour.ts';
import type { Next } from '../actor/actor-context.ts';
import type { RefResolver } from '../actor/node-services.ts';
import { decodeValue, encodeValue } from '../remoting/frame-codec.ts';
import type { FromWorker, ToWorker, WorkerStart } from './worker-message.ts';

/** The message that the thread handles now, and its outcome. */
interface CurrentMessage<M> {
  readonly trace: string | undefined;
  resolve(next: Next<M>): void;
  reject(error: Error): void;
}

// The file beside this one with the same extension: sources and compiled code both work.
const entry = new URL(
  import.meta.url.endsWith('.ts') ? './worker-main.ts' : './worker-main.js',
  import.meta.url,
);

/**
 * The worker thread of one incarnation. It handles one message at a time, and keeps the process alive only while it
 * does.
 */
export class ActorWorker<M> {
  /** Rejects when the thread has ended, for whatever reason. */
  readonly ended: Promise<never>;
  readonly #refs: RefResolver;
  readonly #worker: Worker;
  #current: CurrentMessage<M> | undefined = undefined;

  constructor(refs: RefResolver, start: WorkerStart, maxHeapMiB: number | undefined) {
    this.#refs = refs;
    this.#worker = new Worker(entry, {
      workerData: start,
      ...(maxHeapMiB === undefined ? {} : { resourceLimits: { maxOldGenerationSizeMb: maxHeapMiB } }),
    });
    this.#worker.unref();
    this.#worker.on('message', (message: FromWorker) => this.#receive(message));
    this.ended = new Promise((_, reject) => {
      this.#worker.on('error', reject);
      this.#worker.on('exit', (code) => reject(new Error(`the worker of ${start.path} exited with ${code}`)));
    });
  }

  handle(message: M, trace: string | undefined): Promise<Next<M>> {
    return new Promise((resolve, reject) => {
      const bytes = encodeValue(message);
      const next: ToWorker = { message: bytes, trace };
      this.#current = { trace, resolve, reject };
      this.#worker.ref();
      this.#worker.postMessage(next, [bytes.buffer as ArrayBuffer]);
    });
  }

  /** Stops the thread wherever it is, also in an endless loop. */
  terminate(): void {
    void this.#worker.terminate();
  }

  #receive(message: FromWorker): void {
    const current = this.#current;
    if (message.type === 'tell') {
      const refs = this.#refs;
      const value = decodeValue(message.message, (address) => refs.resolve(address));
      const lane = message.control ? 'control' : 'data';
      refs.resolve(message.to).tell(value as never, { lane, trace: current?.trace });
      return;
    }
    this.#current = undefined;
    this.#worker.unref();
    if (message.type === 'done') current?.resolve(message.stops ? stopped : undefined);
    else current?.reject(errorOf(message));
  }
}

function errorOf({ name, message, stack }: Extract<FromWorker, { type: 'failed' }>): Error {
  const error = new Error(message);
  error.name = name;
  if (stack !== undefined) error.stack = stack;
  return error;
}
