import type { ActorAddress, ActorRef } from '../../actor/actor-ref.ts';
import { receive, setup } from '../../actor/behaviour.ts';
import { props } from '../../cell/create-props.ts';
import { localSystemOf } from '../../system/local-system.ts';
import type { TestNode } from '../test-node.ts';
import type { Workload } from './workload.ts';
import { nodeNames, type World } from './world.ts';

type Order = 'watch' | 'unwatch';

interface Watched {
  /** One incarnation of one actor on one incarnation of its node. */
  readonly address: ActorAddress;
  readonly watcher: TestNode;
  readonly ref: ActorRef<Order>;
  reports: number;
  unwatched: boolean;
}

const longestLifeMs = 20_000;

/**
 * Actors that run for a while, watched from their own node and from others.
 *
 * - A termination is reported at most once, never after the watch was withdrawn, and exactly once when the actor has
 * ended.
 */
export class Watching implements Workload {
  readonly #world: World;
  readonly #watched: Watched[] = [];
  #mortals = 0;

  constructor(world: World) {
    this.#world = world;
  }

  startNode(node: TestNode): void {
    this.#spawnMortal(node);
  }

  act(): boolean {
    const world = this.#world;
    const node = world.anyNode();
    const home = world.node(world.pick(nodeNames));
    if (node === undefined || home === undefined) return false;
    const draw = world.chance();
    if (draw < 0.3) this.#spawnMortal(node);
    else if (draw < 0.4) this.#unwatch(node);
    else return this.#watch(node, home);
    return true;
  }

  checkEnd(): void {
    const world = this.#world;
    for (const { address, watcher, reports, unwatched } of this.#watched) {
      const at = `${address.node}#${address.nodeIncarnation}/${address.path}@${address.uid}`;
      world.check(reports <= 1, `${watcher.nodeId} got ${reports} reports about the end of ${at}`);
      if (world.isAlive(watcher) && !unwatched && !this.#isAlive(address))
        world.check(reports === 1, `${watcher.nodeId} got no report about the end of ${at}`);
    }
  }

  #spawnMortal(node: TestNode): void {
    const lifeMs = 1 + this.#world.chance() * longestLifeMs;
    node.system.spawn(
      props<'end'>(
        () =>
          setup((context) => {
            context.setTimer('end', lifeMs, 'end');
            return receive(() => {
              throw new Error('its time has come');
            });
          }),
        { restart: 'temporary' },
      ),
      `mortal${++this.#mortals}`,
    );
  }

  /** Watches by a ref that names exactly that incarnation. */
  #watch(node: TestNode, home: TestNode): boolean {
    const world = this.#world;
    const candidates = home.system.inspect().filter(({ path }) => /^mortal|^guard\/pool\//.test(path));
    if (candidates.length === 0) return false;
    const { path, uid } = world.pick(candidates);
    const address = { node: home.nodeId, nodeIncarnation: home.incarnation, path, uid };
    const watcher = props<Order>(() =>
      setup((context) => {
        const target = localSystemOf(node.system).node.refs.resolve(address);
        return receive(
          (message) => {
            if (message === 'watch') return context.watch(target);
            context.unwatch(target);
            entry.unwatched = true;
          },
          (signal) => {
            if (signal.type !== 'terminated' || !world.isAlive(node)) return;
            entry.reports++;
            world.check(
              !entry.unwatched,
              `${node.nodeId} got a report about an actor that it no longer watches`,
            );
            if (signal.reason === 'node-down') world.count('nodeDowns');
            world.simulation.note(`terminated ${node.nodeId} ${address.node}/${path}: ${signal.reason}`);
          },
        );
      }),
    );
    const entry: Watched = {
      address,
      watcher: node,
      ref: node.system.spawn(watcher),
      reports: 0,
      unwatched: false,
    };
    this.#watched.push(entry);
    entry.ref.tell('watch');
    return true;
  }

  #unwatch(node: TestNode): void {
    const own = this.#watched.filter(
      ({ watcher, reports, unwatched }) => watcher === node && reports === 0 && !unwatched,
    );
    if (own.length === 0) return;
    this.#world.pick(own).ref.tell('unwatch');
  }

  #isAlive({ node, nodeIncarnation, path, uid }: ActorAddress): boolean {
    const home = this.#world.node(node);
    return (
      home?.incarnation === nodeIncarnation &&
      localSystemOf(home.system).node.actors.findAlive(path, uid) !== undefined
    );
  }
}
