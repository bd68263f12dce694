import type { MemberEvidence } from '../../membership/presence.ts';
import type { TestNode } from '../test-node.ts';
import type { Scenario, Workload } from './workload.ts';
import type { World } from './world.ts';

const stallMs = 6_000;
const watchedMs = 8_000;

export const detecting: Scenario = {
  create: (world) => new Detecting(world),
  counters: {
    calledUnreachable: 'members that a node called unreachable',
    refuted: 'members that were called unreachable and came back in the same incarnation',
    suspected: 'members that a node suspected',
    stalled: 'members whose blocked main loop was seen',
  },
};

/**
 * The failure detector by itself.
 *
 * - A blocked main loop makes nobody unreachable, and the others see that the node is stalled.
 * - Once the faults are over, every node sees every other one alive, in its current incarnation
 * (`World.checkMembership`).
 * - A node is never seen in an earlier incarnation than before (`World`).
 */
class Detecting implements Workload {
  readonly #world: World;
  readonly #lost = new Set<string>();
  #isCalm = false;

  constructor(world: World) {
    this.#world = world;
  }

  startNode(node: TestNode): void {
    node.presence.onChange((member) => {
      if (this.#world.isAlive(node) && member.node !== node.nodeId) this.#note(node, member);
    });
  }

  act(): boolean {
    const node = this.#world.anyNode();
    if (node === undefined) return false;
    node.presence.poll();
    return true;
  }

  async checkAlone(): Promise<void> {
    const world = this.#world;
    this.#isCalm = true;
    const before = world.counted('stalled');
    world.stall(world.pick(world.nodes()).nodeId, stallMs);
    await world.pass(watchedMs);
    world.check(world.counted('stalled') > before, 'nobody saw that the main loop of a node was blocked');
    this.#isCalm = false;
  }

  #note(by: TestNode, { node, incarnation, state, isSuspect, isStalled }: MemberEvidence): void {
    const world = this.#world;
    const key = `${by.nodeId}#${by.incarnation} ${node}#${incarnation}`;
    if (isSuspect) world.count('suspected');
    if (isStalled && state === 'alive') world.count('stalled');
    if (state === 'unreachable') {
      world.check(!this.#isCalm, `${by.nodeId} calls ${node} unreachable, whose main loop is only blocked`);
      if (!this.#lost.has(key)) world.count('calledUnreachable');
      this.#lost.add(key);
    } else if (this.#lost.delete(key) && state === 'alive') world.count('refuted');
  }
}
