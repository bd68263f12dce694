import type { ActorRef } from '../actor/actor-ref.ts';
import { receive, setup } from '../actor/behaviour.ts';
import type { Directive } from '../actor/actor-context.ts';
import { LocalRef } from '../cell/local-ref.ts';
import type { Props } from '../actor/actor-context.ts';
import { props } from '../cell/create-props.ts';
import { InvalidArgumentError } from '../errors.ts';
import { ActorWorker } from './actor-worker.ts';
import { optionNames, requireKnownOptions } from '../known-options.ts';

const sourceOptions = optionNames<WorkerSource>({
  module: true,
  exportName: true,
  data: true,
  maxHeapMiB: true,
});

/** Context of a handler in a worker. It has no children and no timers of the runtime: those need the owning thread. */
export interface WorkerContext<M> {
  readonly self: ActorRef<M>;
  readonly path: string;
  readonly incarnation: number;
  /** W3C traceparent of the current message. Messages that the handler sends carry it. */
  readonly trace: string | undefined;
}

/**
 * Handles one message; a promise is awaited before the next one. `stopped` ends the actor, a throw is a failure of the
 * actor.
 */
export type WorkerHandler<M> = (
  message: M,
  context: WorkerContext<M>,
) => Promise<Directive | undefined | void> | Directive | undefined | void;

/** Export of the module: creates the handler of one incarnation, in its worker. */
export type WorkerRecipe<M> = (data: never) => WorkerHandler<M> | Promise<WorkerHandler<M>>;

/** Module of a worker, and its resources. */
export interface WorkerSource {
  /** Module that exports the recipe: a `file:` URL, usually `new URL('./worker.js', import.meta.url)`. */
  readonly module: URL;
  /** Name of the export. @default 'default' */
  readonly exportName?: string;
  /** Argument of the recipe; any value that can be cloned into a worker. */
  readonly data?: unknown;
  /** Heap limit of the worker, in MiB; exceeding it is a failure. @default that of Node */
  readonly maxHeapMiB?: number;
}

/**
 * Props of an actor whose behaviour runs in its own worker thread: for code that computes for long or must be
 * stoppable. Ref, mailbox, supervision and protocol are as for any actor. A kill, and a stop that takes longer than
 * `shutdownMs`, end the thread wherever it is. Messages are copied, as over the bus.
 *
 * @throws InvalidArgumentError for a module that is no `file:` URL
 */
export function workerProps<M>(source: WorkerSource, options: Omit<Props<M>, 'create'> = {}): Props<M> {
  requireKnownOptions('source', source, sourceOptions);
  const { module, exportName = 'default', data, maxHeapMiB } = source;
  if (module.protocol !== 'file:') throw new InvalidArgumentError('module', 'must be a file: URL');
  const create = () =>
    setup<M>((context) => {
      const { self, path, incarnation } = context;
      if (!(self instanceof LocalRef)) throw new TypeError('an actor is always local to itself');
      const start = { module: module.href, exportName, self: self.address, path, incarnation, data };
      const worker = new ActorWorker<M>(self.actor.node.refs, start, maxHeapMiB);
      context.signal.addEventListener('abort', () => worker.terminate(), { once: true });
      context.pipeToSelf(worker.ended, rethrow, rethrow);
      return receive((message) => worker.handle(message, context.trace));
    });
  return props(create, options);
}

/** A message that makes the actor fail. */
function rethrow(error: unknown): never {
  throw error;
}
