import { StoreUnavailableError } from '../../../errors.ts';
import type { LeasedTask, WorkQueue } from '../../../storage/work-queue/work-queue.ts';
import type { QueueSpec } from '../../../storage/work-queue/queue-spec.ts';
import type { TestNode } from '../../test-node.ts';
import type { Workload } from '../workload.ts';
import type { World } from '../world.ts';

const spec: QueueSpec = {
  name: 'sim',
  prefix: 'sim.tasks',
  feed: 'feed.tasks',
  leaseMs: 3_000,
  // No task dies: whatever was accepted has to be done.
  maxAttempts: 1_000_000,
};
const retryMs = 500;
const waitMs = 2_000;
const mostTaken = 3;
const longestWorkMs = 4_000;
const body = new Uint8Array(0);

/**
 * A queue that every node fills and empties; some takers are slower than their lease, or refuse a task.
 *
 * - An accepted task is done by a taker, who acknowledges it. None is lost, whoever crashed on the way.
 * - In the end the queue is empty.
 */
export class Tasks implements Workload {
  readonly #world: World;
  readonly #queues = new Map<TestNode, WorkQueue>();
  readonly #accepted = new Set<string>();
  /** Tasks whose taker has sent an acknowledgement. */
  readonly #done = new Set<string>();
  #tasks = 0;

  constructor(world: World) {
    this.#world = world;
  }

  startNode(node: TestNode): void {
    void this.#work(node);
  }

  act(): boolean {
    const node = this.#world.anyNode();
    const queue = node === undefined ? undefined : this.#queues.get(node);
    if (node === undefined || queue === undefined) return false;
    void this.#put(queue, `t${++this.#tasks}`, Math.floor(this.#world.chance() * 3));
    return true;
  }

  onLoss(): void {
    this.#accepted.clear();
  }

  async checkEnd(): Promise<void> {
    const world = this.#world;
    const lost = [...this.#accepted].filter((id) => !this.#done.has(id));
    world.check(lost.length === 0, `accepted tasks were not done: ${lost.slice(0, 5).join(', ')}`);
    const [queue] = world.nodes().flatMap((node) => this.#queues.get(node) ?? []);
    const asked = queue?.counts();
    await world.pass(1_000);
    const counts = await asked;
    const left = counts === undefined ? 0 : counts.depth + counts.inFlight + counts.delayed + counts.dead;
    world.check(left === 0, `${left} tasks are left in the queue`);
  }

  async #put(queue: WorkQueue, id: string, priority: number): Promise<void> {
    try {
      await queue.put({ id, body, priority });
      this.#accepted.add(id);
      this.#world.count('tasks');
    } catch (error) {
      this.#expectUnavailable(error);
    }
  }

  /** Takes tasks for as long as the node lives. */
  async #work(node: TestNode): Promise<void> {
    const world = this.#world;
    while (world.isAlive(node))
      try {
        const queue = await node.storage.queues.ensure(spec);
        this.#queues.set(node, queue);
        while (world.isAlive(node)) {
          const taken = await queue.take({ max: 1 + Math.floor(world.chance() * mostTaken), waitMs });
          await Promise.all(taken.map((task) => this.#handle(node, queue, task)));
        }
      } catch (error) {
        this.#expectUnavailable(error);
        await sleep(node, retryMs);
      }
  }

  async #handle(node: TestNode, queue: WorkQueue, { id, lease, attempt }: LeasedTask): Promise<void> {
    const world = this.#world;
    if (attempt > 1) world.count('redeliveries');
    const draw = world.chance();
    await sleep(node, draw < 0.1 ? longestWorkMs : 50 * world.chance());
    // A process that ends without a word.
    if (draw > 0.95) return;
    if (draw > 0.85) {
      await queue.nack(lease, { delayMs: 100 }).catch((error: unknown) => this.#expectUnavailable(error));
      return;
    }
    this.#done.add(id);
    const outcome = await queue.ack(lease).catch((error: unknown) => {
      this.#expectUnavailable(error);
      return 'unknown' as const;
    });
    if (outcome === 'lease-lost') world.count('lostLeases');
  }

  #expectUnavailable(error: unknown): void {
    this.#world.check(error instanceof StoreUnavailableError, `a queue failed with ${String(error)}`);
  }
}

function sleep(node: TestNode, ms: number): Promise<void> {
  return new Promise((resolve) => node.clock.setTimer(ms, resolve));
}
