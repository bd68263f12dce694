import { z } from 'zod';
import { receive, setup, stopped } from '../../actor/behaviour.ts';
import type { Props } from '../../actor/actor-context.ts';
import { props } from '../../cell/create-props.ts';
import { localSystemOf } from '../../system/local-system.ts';
import type { RuntimeEvent } from '../../actor/runtime-event.ts';
import type { TestNode } from '../test-node.ts';
import { IntensityModel } from './intensity-model.ts';
import { supervisorProps } from './supervisor-props.ts';
import type { Workload } from './workload.ts';
import { nodeNames, type World } from './world.ts';

type Order = { readonly do: 'work' | 'fail' | 'stop' };
const order: z.ZodType<Order> = z.object({ do: z.enum(['work', 'fail', 'stop']) });
const workers = ['w0', 'w1', 'w2'] as const;
const capacity = 20;
const intensity = 2;
const periodMs = 10_000;

/**
 * Pools of workers that fail, stop and are killed, under every strategy.
 *
 * - A pool gives up exactly when a model of OTP's intensity does.
 * - A restart is the next incarnation, and a child knows its incarnation.
 * - No mailbox exceeds its limit.
 * - In the end every worker of every pool runs.
 */
export class Supervising implements Workload {
  readonly #world: World;
  /** The current incarnation of the pool of each node. */
  readonly #pools = new Map<TestNode, IntensityModel>();

  constructor(world: World) {
    this.#world = world;
  }

  startNode(node: TestNode): void {
    const strategy = this.#world.pick(['one-for-one', 'one-for-all', 'rest-for-one'] as const);
    const children = () => {
      const model = new IntensityModel(intensity, periodMs);
      this.#pools.set(node, model);
      return Object.fromEntries(workers.map((name) => [name, this.#worker(node, model, name)]));
    };
    const pool = supervisorProps(children, { intensity, periodMs, strategy });
    node.system.spawn(
      supervisorProps(() => ({ pool }), { intensity: 10_000, backoffMaxMs: 500 }),
      'guard',
    );
  }

  act(): boolean {
    const world = this.#world;
    const node = world.anyNode();
    if (node === undefined) return false;
    const path = `guard/pool/${world.pick(workers)}`;
    const draw = world.chance();
    if (draw < 0.1) return this.#kill(node, path);
    const task: Order['do'] = draw < 0.4 ? 'fail' : draw < 0.55 ? 'stop' : 'work';
    node.system.refFor<Order>(world.pick(nodeNames), path).tell({ do: task });
    return true;
  }

  onEvent(node: TestNode, event: RuntimeEvent): void {
    const world = this.#world;
    const model = this.#pools.get(node);
    if (model === undefined || !('path' in event)) return;
    if (event.type === 'escalated' && event.path === 'guard/pool')
      world.check(model.gaveUp(), `${node.nodeId}: the pool gave up within its intensity`);
    const worker = event.path.startsWith('guard/pool/') ? event.path.slice('guard/pool/'.length) : undefined;
    if (event.type === 'restarted' && worker !== undefined)
      world.check(
        model.restarted(worker, event.incarnation),
        `${node.nodeId}: ${event.path} restarted as incarnation ${event.incarnation}`,
      );
  }

  checkStep(): void {
    const world = this.#world;
    for (const node of world.nodes()) {
      world.check(
        this.#pools.get(node)?.owesEscalation !== true,
        `${node.nodeId}: the pool did not give up over its intensity`,
      );
      for (const { path, mailbox } of localSystemOf(node.system).node.actors.findAlive('guard/pool', 0)
        ?.children ?? [])
        world.check(mailbox.depth <= 2 * capacity, `${node.nodeId}: ${mailbox.depth} messages at ${path}`);
    }
  }

  checkEnd(): void {
    for (const node of this.#world.nodes()) {
      const running = node.system
        .inspect()
        .filter(({ path, state }) => path.startsWith('guard/pool/') && state === 'running').length;
      this.#world.check(
        running === workers.length,
        `${node.nodeId}: ${running} of ${workers.length} workers run in the end`,
      );
    }
  }

  #kill(node: TestNode, path: string): boolean {
    const cell = localSystemOf(node.system).node.actors.findAlive(path, 0);
    if (cell === undefined || cell.state !== 'running') return false;
    if (cell.parent?.state === 'running') this.#pools.get(node)?.ended(node.clock.now());
    node.system.kill(cell.ref);
    return true;
  }

  #worker(node: TestNode, model: IntensityModel, name: string): Props<never> {
    const world = this.#world;
    const create = () =>
      setup<Order>((context) => {
        world.check(
          !world.isAlive(node) || model.began(name, context.incarnation),
          `${node.nodeId}: ${name} began as incarnation ${context.incarnation}`,
        );
        return receive<Order>((message) => {
          if (message.do === 'work') return undefined;
          model.ended(node.clock.now());
          if (message.do === 'stop') return stopped;
          throw new Error('failed on purpose');
        });
      });
    return props<Order>(create, {
      protocol: order,
      restart: 'permanent',
      mailbox: { capacity },
    }) as unknown as Props<never>;
  }
}
