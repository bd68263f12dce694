import { systemClock } from '../../../clock/system-clock.ts';
import type { QueueSpec } from '../../../storage/work-queue/queue-spec.ts';
import type { LeasedTask, WorkQueue } from '../../../storage/work-queue/work-queue.ts';
import {
  chance,
  type HistoryClient,
  type HistoryPart,
  requireUnavailable,
  type Tally,
  untilDone,
} from './client.ts';

const spec: QueueSpec = {
  name: 'history',
  prefix: 'history.tasks',
  feed: 'feed.history',
  leaseMs: 5_000,
  // No task dies: whatever was accepted has to be done.
  maxAttempts: 1_000_000,
  replicas: 3,
};
const drainMs = 90_000;

/** A queue: every accepted task is done by somebody, and the queue is empty in the end. */
export class TaskHistory implements HistoryPart {
  readonly #tally: Tally;
  readonly #queues = new Map<HistoryClient, WorkQueue>();
  readonly #accepted = new Set<string>();
  readonly #done = new Set<string>();
  #left = 0;
  #tasks = 0;

  constructor(tally: Tally) {
    this.#tally = tally;
  }

  async prepare(client: HistoryClient): Promise<void> {
    this.#queues.set(client, await untilDone(() => client.storage.queues.ensure(spec)));
  }

  async act(client: HistoryClient): Promise<void> {
    const queue = this.#queues.get(client);
    if (queue === undefined) return;
    try {
      if (chance() < 0.5) await this.#put(queue);
      else await this.#work(queue);
    } catch (error) {
      requireUnavailable(error);
      this.#tally.add('queue operations of unknown outcome');
    }
  }

  async finish(client: HistoryClient): Promise<void> {
    const queue = this.#queues.get(client);
    if (queue === undefined) return;
    const deadlineMs = systemClock.now() + drainMs;
    do {
      const taken = await untilDone(() => queue.take({ max: 50, waitMs: 500 }));
      await Promise.all(taken.map((task) => this.#finishTask(queue, task)));
      const { depth, inFlight } = await untilDone(() => queue.counts());
      this.#left = depth + inFlight;
    } while (this.#left > 0 && systemClock.now() < deadlineMs);
    for (const one of this.#queues.values()) one.close();
  }

  check(): Promise<readonly string[]> {
    const lost = [...this.#accepted].filter((id) => !this.#done.has(id));
    const wrong = lost.map((id) => `task ${id} was accepted and never done`);
    if (this.#left > 0) wrong.push(`${this.#left} tasks are left in the queue`);
    return Promise.resolve(wrong);
  }

  /** One accepted task was never done. */
  spoil(): string {
    const [id = ''] = this.#accepted;
    this.#done.delete(id);
    return `the accepted task ${id} was not done`;
  }

  async #put(queue: WorkQueue): Promise<void> {
    const id = `t${++this.#tasks}`;
    await queue.put({ id, body: new Uint8Array(8), priority: Math.floor(chance() * 3) });
    this.#accepted.add(id);
    this.#tally.add('tasks accepted');
  }

  async #work(queue: WorkQueue): Promise<void> {
    const taken = await queue.take({ max: 2 });
    this.#tally.add('takes');
    for (const task of taken) {
      if (task.attempt > 1) this.#tally.add('redeliveries');
      // A taker that ends without a word.
      if (chance() > 0.02) await this.#finishTask(queue, task);
    }
  }

  async #finishTask(queue: WorkQueue, { id, lease }: LeasedTask): Promise<void> {
    this.#done.add(id);
    try {
      const outcome = await queue.ack(lease);
      this.#tally.add(outcome === 'settled' ? 'acknowledgements' : 'leases lost');
    } catch (error) {
      requireUnavailable(error);
      this.#tally.add('queue operations of unknown outcome');
    }
  }
}
