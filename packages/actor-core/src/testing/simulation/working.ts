import { z } from 'zod';
import type { ActorRef } from '../../actor/actor-ref.ts';
import type { Props } from '../../actor/actor-context.ts';
import type { DeliveryResult } from '../../delivery/delivery-frame.ts';
import { type DispatcherMessage, workDispatcher, type WorkerOffer } from '../../delivery/work-dispatcher.ts';
import { workPuller } from '../../delivery/work-puller.ts';
import type { TestNode } from '../test-node.ts';
import { supervisorProps } from './supervisor-props.ts';
import type { Workload } from './workload.ts';
import type { World } from './world.ts';

/** Nodes with a dispatcher; every node has workers for each of them. */
const bosses = ['n0', 'n1'] as const;
const offerMs = 2_000;
const resendMs = 500;
const resendMaxMs = 4_000;
/** Longer than any seed: a job that is unconfirmed at the end stays unconfirmed. */
const patienceMs = 600_000;
const mostJobs = 6;
const failures = 0.03;
const longestWorkMs = 50;

/** Jobs that one incarnation of a dispatcher was given, and their outcomes. */
interface Desk {
  sent: number;
  confirmed: number;
}

/**
 * Jobs distributed among workers on every node, which fail now and then.
 *
 * - A confirmed job was handled.
 * - In the end all jobs of live dispatchers are confirmed, whatever happened to the workers.
 */
export class Working implements Workload {
  readonly #world: World;
  readonly #desks = new Map<TestNode, Desk>();
  readonly #handled = new Set<number>();
  #jobs = 0;

  constructor(world: World) {
    this.#world = world;
  }

  startNode(node: TestNode): void {
    const isBoss = bosses.some((name) => name === node.nodeId);
    if (isBoss) {
      const limits = { resendMs, resendMaxMs, maxAttempts: 1_000_000 };
      node.system.spawn(workDispatcher<number>(limits), 'dispatcher');
      this.#desks.set(node, { sent: 0, confirmed: 0 });
    }
    const workers = () =>
      Object.fromEntries(bosses.map((boss) => [`for-${boss}`, this.#worker(node, boss)] as const));
    node.system.spawn(supervisorProps(workers, { intensity: 10_000, backoffMaxMs: 500 }), 'workers');
  }

  act(): boolean {
    const world = this.#world;
    const node = world.node(world.pick(bosses));
    if (node === undefined) return false;
    const desk = this.#desks.get(node) as Desk;
    const count = 1 + Math.floor(world.chance() * mostJobs);
    for (let i = 0; i < count; i++) this.#send(node, desk);
    return true;
  }

  checkEnd(): void {
    const world = this.#world;
    for (const [node, { sent, confirmed }] of this.#desks)
      if (world.isAlive(node))
        world.check(confirmed === sent, `of ${sent} jobs at ${node.nodeId}, ${confirmed} were confirmed`);
  }

  #send(node: TestNode, desk: Desk): void {
    const world = this.#world;
    const job = ++this.#jobs;
    desk.sent++;
    const dispatcher = node.system.refFor<DispatcherMessage<number>>(node.nodeId, 'dispatcher');
    node.system
      .ask<DispatcherMessage<number>, DeliveryResult>(
        dispatcher,
        (replyTo) => ({ type: 'send', message: job, replyTo }),
        { timeoutMs: patienceMs },
      )
      .then((result) => {
        if (!world.isAlive(node)) return undefined;
        desk.confirmed++;
        world.check(result.type === 'confirmed', `job ${job} came to be ${result.type}`);
        return world.check(this.#handled.has(job), `job ${job} was confirmed before it was handled`);
      })
      .catch((error: unknown) => {
        if (world.isAlive(node)) world.check(false, `job ${job} failed: ${String(error)}`);
      });
  }

  #worker(node: TestNode, boss: string): Props<never> {
    const world = this.#world;
    const create =
      () =>
      async (job: number): Promise<void> => {
        if (world.chance() < failures) throw new Error('failed on purpose');
        await new Promise<void>((resolve) => node.clock.setTimer(world.chance() * longestWorkMs, resolve));
        if (this.#handled.has(job)) world.count('repeatedJobs');
        this.#handled.add(job);
      };
    const dispatcher: ActorRef<WorkerOffer<number>> = node.system.refFor(boss, 'dispatcher');
    return {
      ...workPuller<number>({ dispatcher, protocol: z.number(), offerMs, create }),
      restart: 'permanent',
    } as unknown as Props<never>;
  }
}
