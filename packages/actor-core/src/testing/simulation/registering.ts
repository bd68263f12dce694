import type { ActorRef } from '../../actor/actor-ref.ts';
import { receive, setup, stopped } from '../../actor/behaviour.ts';
import { props } from '../../cell/create-props.ts';
import { NameTakenError } from '../../errors.ts';
import { startRegistry } from '../../registry/cluster-registry.ts';
import type { Registry } from '../../registry/registry.ts';
import type { TestNode } from '../test-node.ts';
import type { Workload } from './workload.ts';
import type { World } from './world.ts';

const groups = ['g0', 'g1'] as const;
const names = ['boss', 'clerk'] as const;
const longestLifeMs = 20_000;

interface Entry {
  readonly node: TestNode;
  readonly ref: ActorRef<never>;
  readonly group: string;
  hasLeft: boolean;
}

/**
 * Actors that join groups, claim names, leave and end.
 *
 * - In the end every node knows the same members and the same holders.
 * - An actor that lost a name to an earlier claim does not hold it again, even after the winner has ended.
 * - All members and holders are alive, and no live actor that joined a group and did not leave it is missing.
 */
export class Registering implements Workload {
  readonly #world: World;
  readonly #registries = new Map<TestNode, Registry>();
  readonly #joined: Entry[] = [];
  /** Actors whose claim to a name was withdrawn, as reported to their own nodes. */
  readonly #withdrawn = new Set<string>();
  #actors = 0;

  constructor(world: World) {
    this.#world = world;
  }

  startNode(node: TestNode): void {
    const registry = startRegistry(node);
    this.#registries.set(node, registry);
    registry.onConflict(({ lost }) => {
      if (lost.address.node === node.nodeId) this.#withdrawn.add(describe([lost]));
    });
  }

  act(): boolean {
    const world = this.#world;
    const node = world.anyNode();
    if (node === undefined) return false;
    const registry = this.#registries.get(node) as Registry;
    const draw = world.chance();
    if (draw < 0.4) this.#join(node, registry);
    else if (draw < 0.6) this.#leave(node, registry);
    else this.#claim(node, registry);
    return true;
  }

  checkEnd(): void {
    const world = this.#world;
    const seen = (known: (registry: Registry) => readonly ActorRef<never>[]) => {
      const views = world.nodes().map((node) => known(this.#registries.get(node) as Registry));
      const [first = ''] = views.map(describe);
      for (const view of views)
        world.check(describe(view) === first, `one node sees ${describe(view)}, another ${first}`);
      for (const ref of views[0] ?? [])
        world.check(this.#isAlive(ref), `${describe([ref])} is registered and gone`);
      return new Set(first.split(' '));
    };
    for (const name of names)
      seen((registry) => {
        const holder = registry.find<never>(name);
        return holder === undefined ? [] : [holder];
      });
    for (const group of groups) {
      const members = seen((registry) => registry.members(group));
      for (const entry of this.#joined)
        if (entry.group === group && !entry.hasLeft && world.isAlive(entry.node) && this.#isAlive(entry.ref))
          world.check(members.has(describe([entry.ref])), `${describe([entry.ref])} is missing in ${group}`);
    }
  }

  checkStep(): void {
    for (const node of this.#world.nodes())
      for (const name of names) {
        const holder = this.#registries.get(node)?.find<never>(name);
        this.#world.check(
          holder === undefined ||
            holder.address.node !== node.nodeId ||
            !this.#withdrawn.has(describe([holder])),
          `${node.nodeId} finds ${name} with an actor of its own that has lost it`,
        );
      }
  }

  #join(node: TestNode, registry: Registry): void {
    const group = this.#world.pick(groups);
    const ref = this.#spawn(node);
    registry.join(group, ref);
    this.#joined.push({ node, ref, group, hasLeft: false });
  }

  #leave(node: TestNode, registry: Registry): void {
    const own = this.#joined.filter((entry) => entry.node === node && !entry.hasLeft);
    if (own.length === 0) return;
    const entry = this.#world.pick(own);
    registry.leave(entry.group, entry.ref);
    entry.hasLeft = true;
  }

  #claim(node: TestNode, registry: Registry): void {
    const name = this.#world.pick(names);
    const isFree = registry.find(name) === undefined;
    try {
      registry.register(name, this.#spawn(node));
      this.#world.check(isFree, `${name} was registered while ${node.nodeId} knew another holder`);
    } catch (error) {
      this.#world.check(
        error instanceof NameTakenError && !isFree,
        `${name} was refused to ${node.nodeId}: ${String(error)}`,
      );
    }
  }

  /** Every second actor ends by itself after a while. */
  #spawn(node: TestNode): ActorRef<never> {
    const lifeMs = this.#world.chance() * longestLifeMs;
    const isMortal = this.#world.chance() < 0.5;
    const registered = props<'end'>(() =>
      setup((context) => {
        if (isMortal) context.setTimer('end', lifeMs, 'end');
        return receive(() => stopped);
      }),
    );
    return node.system.spawn(registered, `registered${++this.#actors}`) as ActorRef<never>;
  }

  #isAlive({ address }: ActorRef<never>): boolean {
    const home = this.#world.node(address.node);
    return (
      home !== undefined &&
      home.incarnation === address.nodeIncarnation &&
      home.system.inspect().some(({ uid }) => uid === address.uid)
    );
  }
}

function describe(refs: readonly ActorRef<never>[]): string {
  return refs.map(({ address }) => `${address.node}#${address.nodeIncarnation}/${address.path}`).join(' ');
}
