import type { z } from 'zod';
import type { ActorContext, Next, Props } from '../actor/actor-context.ts';
import { receive, setup, stopped } from '../actor/behaviour.ts';
import { refKey } from '../actor/ref-key.ts';
import type { Signal } from '../actor/signal.ts';
import { LocalRef } from '../cell/local-ref.ts';
import { props } from '../cell/create-props.ts';
import { optionNames, requireKnownOptions } from '../known-options.ts';
import type { LeasedTask, WorkQueue } from '../storage/work-queue/work-queue.ts';
import { requireCount } from './delivery-options.ts';
import { runTask } from './run-task.ts';
import { decodeTask } from './task-body.ts';

/** What a handler learns about a task besides its message. */
export interface TaskInfo {
  readonly id: string;
  /** Number of this delivery, from 1. */
  readonly attempt: number;
  /** Aborted when the lease is lost, or the worker ends: the task is another worker's then. */
  readonly signal: AbortSignal;
}

/** How a worker gets and handles the tasks of a durable queue. */
export interface QueueWorkerOptions<M> {
  readonly queue: WorkQueue;
  /** Schema of a task's message. A task that does not fit is dead at once. */
  readonly protocol: z.ZodType<M>;
  /**
   * Does the work of a task. It may be called again for the same id: after a crash, a failure, or the loss of the
   * lease. A rejection or throw is a failed attempt.
   */
  readonly handle: (message: M, task: TaskInfo) => void | Promise<void>;
  /** Tasks at the same time. @default 1 */
  readonly concurrency?: number;
  /** Lease of a task, extended while its handler runs. Minimum 1_000. @default 30_000 */
  readonly leaseMs?: number;
  /** Pause after a failed attempt. It doubles with each attempt, up to 100 times as long. @default 1_000 */
  readonly retryMs?: number;
  /** Called with each task that is dead now: the last attempt failed, or the task does not fit. Must not throw. */
  readonly onDead?: (id: string, reason: string) => void;
}

const workerOptions = optionNames<QueueWorkerOptions<never>>({
  queue: true,
  protocol: true,
  handle: true,
  concurrency: true,
  leaseMs: true,
  retryMs: true,
  onDead: true,
});

/** A message that a worker sends to itself. */
export type QueueWorkerMessage =
  | { readonly type: 'take' }
  | { readonly type: 'taken'; readonly tasks: readonly LeasedTask[] }
  | { readonly type: 'settled' };

const defaultLeaseMs = 30_000;
const defaultRetryMs = 1_000;
const mostRetryFactor = 100;
/** Longest wait of one request for tasks. */
const waitMs = 10_000;
/** Pause after a request that failed. */
const troubleMs = 1_000;

/**
 * Pulls tasks from a durable queue and handles each in a child of its own. A task is acknowledged after its handler has
 * returned, and delivered again when the handler fails, its process crashes, or its lease is lost: at least once. The
 * lease is extended while the handler runs. A task whose attempts are used up is dead: a `dead-letter` event with the
 * reason `attempts-exhausted`, and a call of `onDead`.
 *
 * A worker that is stopped in order finishes its current tasks and takes no more.
 *
 * @throws InvalidArgumentError naming the option that is invalid
 */
export function queueWorker<M>(options: QueueWorkerOptions<M>): Props<QueueWorkerMessage> {
  requireKnownOptions('options', options, workerOptions);
  requireCount('concurrency', options.concurrency ?? 1);
  requireCount('leaseMs', options.leaseMs ?? defaultLeaseMs);
  return props<QueueWorkerMessage>(() =>
    setup((context) => {
      const worker = new QueueWorker<M>(options, context);
      context.self.tell({ type: 'take' });
      return receive(
        (message) => worker.handle(message),
        (signal) => worker.signal(signal),
      );
    }),
  );
}

class QueueWorker<M> {
  readonly #options: QueueWorkerOptions<M>;
  readonly #context: ActorContext<QueueWorkerMessage>;
  readonly #concurrency: number;
  readonly #leaseMs: number;
  /** Current tasks, by the child that handles them. */
  readonly #tasks = new Map<string, LeasedTask>();
  #isTaking = false;

  constructor(options: QueueWorkerOptions<M>, context: ActorContext<QueueWorkerMessage>) {
    this.#options = options;
    this.#context = context;
    this.#concurrency = options.concurrency ?? 1;
    this.#leaseMs = options.leaseMs ?? defaultLeaseMs;
  }

  handle(message: QueueWorkerMessage): void {
    if (message.type === 'taken') {
      this.#isTaking = false;
      for (const task of message.tasks) this.#begin(task);
    }
    if (message.type !== 'settled' || !this.#isTaking) this.#take();
  }

  signal(signal: Signal): Next<QueueWorkerMessage> {
    if (signal.type !== 'terminated') return undefined;
    const key = refKey(signal.ref);
    const task = this.#tasks.get(key);
    this.#tasks.delete(key);
    // A child that stopped has settled its task.
    if (task !== undefined && signal.reason !== 'stopped')
      void this.#fail(task, signal.cause?.message ?? `its worker was ${signal.reason}`);
    this.#take();
    return undefined;
  }

  #take(): void {
    const max = this.#concurrency - this.#tasks.size;
    if (this.#isTaking || max <= 0) return;
    this.#isTaking = true;
    const { queue } = this.#options;
    const taking = queue.take({ max, waitMs, leaseMs: this.#leaseMs }).then(
      (tasks) => this.#unlessEnded(tasks),
      () => this.#afterTrouble(),
    );
    this.#context.pipeToSelf(
      taking,
      (tasks) => ({ type: 'taken', tasks }),
      () => ({ type: 'taken', tasks: [] }),
    );
  }

  /** Tasks that arrive after the end of the worker are for others at once. */
  #unlessEnded(tasks: readonly LeasedTask[]): readonly LeasedTask[] {
    if (!this.#context.signal.aborted) return tasks;
    for (const { lease } of tasks)
      void this.#options.queue.nack(lease, { reason: 'its worker ended' }).catch(() => undefined);
    return [];
  }

  async #afterTrouble(): Promise<readonly LeasedTask[]> {
    await new Promise<void>((resolve) => this.#context.clock.setTimer(troubleMs, resolve));
    return [];
  }

  #begin(task: LeasedTask): void {
    const message = decodeTask(this.#options.protocol, task.body);
    if (!message.fits) return void this.#bury(task, `it does not fit: ${message.detail}`);
    const { queue, handle } = this.#options;
    const { clock } = this.#context;
    const run = (signal: AbortSignal) =>
      runTask({ queue, clock, lease: task.lease, leaseMs: this.#leaseMs, signal }, (own) =>
        handle(message.value, { id: task.id, attempt: task.attempt, signal: own }),
      );
    const child = this.#context.spawn(taskProps(run));
    this.#tasks.set(refKey(child), task);
    this.#context.watch(child);
  }

  /** A failed attempt. What cannot be reported now is reported by the end of the lease. */
  async #fail(task: LeasedTask, reason: string): Promise<void> {
    const { retryMs = defaultRetryMs, queue } = this.#options;
    const delayMs = retryMs * Math.min(mostRetryFactor, 2 ** (task.attempt - 1));
    try {
      const outcome = await queue.nack(task.lease, { delayMs, reason });
      if (outcome === 'settled' && task.attempt >= task.maxAttempts) this.#reportDead(task, reason);
    } catch {
      // The lease ends by itself.
    }
  }

  async #bury(task: LeasedTask, reason: string): Promise<void> {
    try {
      if ((await this.#options.queue.terminate(task.lease, reason)) === 'settled')
        this.#reportDead(task, reason);
    } catch {
      // The lease ends by itself, and the next taker buries it.
    }
    this.#context.self.tell({ type: 'settled' });
  }

  #reportDead(task: LeasedTask, reason: string): void {
    const { self, log } = this.#context;
    const { queue, onDead } = this.#options;
    log.warn(
      { queue: queue.name, task: task.id, attempt: task.attempt, reason },
      'a task of a queue is dead',
    );
    if (self instanceof LocalRef)
      self.actor.node.events.deadLetter(self.address, 'attempts-exhausted', undefined, undefined, task);
    onDead?.(task.id, reason);
  }
}

/** An actor that handles one task and stops. */
function taskProps(run: (signal: AbortSignal) => Promise<void>): Props<'run'> {
  return props<'run'>(
    () =>
      setup((context) => {
        context.self.tell('run');
        return receive(async () => {
          await run(context.signal);
          return stopped;
        });
      }),
    { restart: 'temporary' },
  );
}
