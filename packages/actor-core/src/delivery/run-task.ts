import type { Clock, Timer } from '../clock.ts';
import type { Lease, WorkQueue } from '../storage/work-queue/work-queue.ts';

/** What the run of a task works with. */
export interface TaskRun {
  readonly queue: WorkQueue;
  readonly clock: Clock;
  readonly lease: Lease;
  readonly leaseMs: number;
  /** Aborted when the handler is no longer wanted. */
  readonly signal: AbortSignal;
}

/** Parts of a lease after which it is extended: two attempts fail before it is lost. */
const extensionsPerLease = 3;
const ackRepeatMs = 200;

/**
 * Runs a handler under a lease that is extended meanwhile, then acknowledges the task. Nothing is acknowledged once the
 * lease is lost: the task is delivered to another taker then.
 *
 * @throws what the handler throws
 */
export async function runTask(
  run: TaskRun,
  handle: (signal: AbortSignal) => void | Promise<void>,
): Promise<void> {
  const lost = new AbortController();
  const extension = new LeaseExtension(run, lost);
  try {
    await handle(AbortSignal.any([run.signal, lost.signal]));
  } finally {
    extension.stop();
  }
  if (!lost.signal.aborted) await acknowledge(run, extension);
}

/** Extends a lease at intervals, until it is stopped or the lease is lost. */
class LeaseExtension {
  lease: Lease;
  readonly #run: TaskRun;
  readonly #lost: AbortController;
  #timer: Timer | undefined = undefined;
  #isStopped = false;

  constructor(run: TaskRun, lost: AbortController) {
    this.lease = run.lease;
    this.#run = run;
    this.#lost = lost;
    this.#schedule();
  }

  stop(): void {
    this.#isStopped = true;
    this.#timer?.cancel();
  }

  #schedule(): void {
    const { clock, leaseMs } = this.#run;
    this.#timer = clock.setTimer(leaseMs / extensionsPerLease, () => void this.#extend());
  }

  async #extend(): Promise<void> {
    const { queue, leaseMs, clock, signal } = this.#run;
    // The actor was killed: the lease ends by itself, or its supervisor gives it back.
    if (signal.aborted) return;
    const outcome = await queue.extend(this.lease, leaseMs).catch(() => undefined);
    if (outcome?.kind === 'extended') this.lease = outcome.lease;
    const isLost = outcome?.kind === 'lease-lost' || clock.wallNow() >= this.lease.expiresAtMs;
    if (isLost) this.#lost.abort(new Error('the lease of the task is lost'));
    else if (!this.#isStopped) this.#schedule();
  }
}

/** Repeats the acknowledgement until the lease is over. */
async function acknowledge({ queue, clock }: TaskRun, { lease }: LeaseExtension): Promise<void> {
  while (clock.wallNow() < lease.expiresAtMs) {
    try {
      await queue.ack(lease);
      return;
    } catch {
      await new Promise<void>((resolve) => clock.setTimer(ackRepeatMs, resolve));
    }
  }
}
