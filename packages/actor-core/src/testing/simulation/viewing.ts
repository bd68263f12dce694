import { receive, setup } from '../../actor/behaviour.ts';
import { props } from '../../cell/create-props.ts';
import { startControl } from '../../control/start-control.ts';
import { isTakingPart, memberOf, type View } from '../../membership/view/view.ts';
import { encodeView } from '../../membership/view/view-codec.ts';
import { localSystemOf } from '../../system/local-system.ts';
import type { TestNode } from '../test-node.ts';
import type { Workload } from './workload.ts';
import { nodeNames, type World } from './world.ts';

/** Nodes that can become the control leader; the others learn the view from announcements. */
const controllers: readonly string[] = ['n0', 'n1', 'n2'];
/** Time after the last fault in which a node may still be declared dead because of it. */
const aftermathMs = 12_000;
/** Share of the seeds that end with a cut between the leader and one node, and how long it lasts. */
const leaderCutShare = 0.2;
const cutMs = 15_000;
const beacon = 'beacon';

/**
 * Control leaders on three of the five nodes, and watches that only the view may end.
 *
 * - On each node views only become newer, one epoch of one leader has one content on all nodes, and an incarnation that
 * has ended is not listed again. (Not after acknowledged records were lost.)
 * - A node that runs and is connected is not declared dead once the faults are over for a while, even if one other node
 * cannot reach it.
 * - A watch on a member of the view does not end because of silence.
 * - In the end all nodes have the same view, which lists the live nodes in their present incarnations as `up`, and
 * not a node that was lost.
 */
export class Viewing implements Workload {
  readonly #world: World;
  /** Views by leader and epoch, as text. */
  readonly #contents = new Map<string, string>();
  readonly #writers = new Set<number>();
  readonly #ended = new Set<string>();
  readonly #startedAtMs = new Map<TestNode, number>();
  /** Newest incarnation that was started, by node. */
  readonly #newest = new Map<string, number>();
  #troubledAtMs = 0;
  #faults = 0;

  constructor(world: World) {
    this.#world = world;
  }

  startNode(node: TestNode): void {
    this.#startedAtMs.set(node, this.#world.now());
    this.#newest.set(node.nodeId, node.incarnation);
    node.system.spawn(
      props(() => receive(() => undefined)),
      beacon,
    );
    if (controllers.includes(node.nodeId)) startControl(node, { voters: controllers });
    let before: View | undefined;
    node.view.onChange((view) => {
      this.#checkView(node, before, view);
      before = view;
    });
  }

  act(): boolean {
    const world = this.#world;
    const node = world.anyNode();
    const home = world.node(world.pick(nodeNames));
    if (node === undefined || home === undefined || home === node) return false;
    const member = node.view.member(home.nodeId);
    if (member?.incarnation !== home.incarnation || !isTakingPart(member)) return false;
    this.#watch(node, home);
    return true;
  }

  checkStep(): void {
    const { simulation } = this.#world;
    const struck = [...simulation.struck].reduce(
      (sum, [kind, count]) => (kind === 'partition' ? sum : sum + count),
      0,
    );
    if (struck !== this.#faults) this.#troubledAtMs = this.#world.now();
    this.#faults = struck;
  }

  checkEnd(): void {
    this.#checkSameView();
  }

  async checkAlone(): Promise<void> {
    if (this.#world.chance() < leaderCutShare) await this.#cutLeaderOff();
  }

  checkAfterNodeLoss(): void {
    this.#checkSameView();
  }

  /** Only the leader cannot reach one node: another node reaches it, so it is not declared dead. */
  async #cutLeaderOff(): Promise<void> {
    const world = this.#world;
    const { simulation } = world;
    const leader = world.nodes()[0]?.view.controlLeader()?.node;
    const node = world.nodes().find(({ nodeId }) => nodeId !== leader);
    if (leader === undefined || node === undefined) return;
    const { nodeId, incarnation } = node;
    simulation.cut(leader, nodeId);
    await world.pass(cutMs);
    for (const { nodeId: by, view } of world.nodes())
      world.check(
        view.member(nodeId)?.state === 'up' && view.member(nodeId)?.incarnation === incarnation,
        `${by} has ${nodeId}#${incarnation} as ${view.member(nodeId)?.state}, which only ${leader} cannot reach`,
      );
    simulation.heal();
    await world.pass(cutMs);
  }

  #checkSameView(): void {
    const world = this.#world;
    const live = world.nodes();
    const expected = live.map(({ nodeId, incarnation }) => `${nodeId}#${incarnation}`).toSorted();
    for (const node of live) {
      const view = node.view.current();
      const up = (view?.members ?? []).filter(({ state }) => state === 'up');
      const seen = up.map(({ id, incarnation }) => `${id}#${incarnation}`);
      world.check(
        seen.join() === expected.join(),
        `${node.nodeId} has view ${view?.epoch} of ${seen.join()} at the end, not of ${expected.join()}`,
      );
      world.check(
        view?.epoch === live[0]?.view.current()?.epoch,
        `${node.nodeId} has view ${view?.epoch} at the end, ${live[0]?.nodeId} has ${live[0]?.view.current()?.epoch}`,
      );
    }
  }

  #checkView(node: TestNode, before: View | undefined, view: View): void {
    const world = this.#world;
    if (!world.isAlive(node)) return;
    const key = `${view.fence}/${view.epoch}`;
    const content = new TextDecoder().decode(encodeView(view));
    const known = this.#contents.get(key);
    if (known === undefined) this.#firstSeen(view, key, content);
    else if (!world.hasLostRecords)
      world.check(known === content, `view ${key} is ${known} on one node and ${content} on ${node.nodeId}`);
    if (before === undefined || world.hasLostRecords) return;
    const isNewer = view.epoch > before.epoch && view.fence >= before.fence;
    world.check(isNewer, `${node.nodeId} goes from view ${before.fence}/${before.epoch} to ${key}`);
  }

  #firstSeen(view: View, key: string, content: string): void {
    const world = this.#world;
    this.#contents.set(key, content);
    world.count('views');
    if (!this.#writers.has(view.fence)) world.count('viewWriters');
    this.#writers.add(view.fence);
    for (const member of view.members) {
      const { id, incarnation, state } = member;
      const name = `${id}#${incarnation}`;
      world.check(
        !isTakingPart(member) || !this.#ended.has(name) || world.hasLostRecords,
        `view ${key} lists ${name}, which has ended in an earlier view`,
      );
      if (isTakingPart(member) || this.#ended.has(name)) continue;
      this.#ended.add(name);
      if (state !== 'dead') continue;
      world.count('declaredDead');
      const node = world.node(id);
      if (node?.incarnation === incarnation) this.#checkDeath(node);
    }
  }

  /** The node that was declared dead runs. */
  #checkDeath(node: TestNode): void {
    const world = this.#world;
    const { simulation } = world;
    world.count('rejoins');
    const now = world.now();
    const since = Math.max(this.#troubledAtMs, world.resumedAtMs(node), this.#startedAtMs.get(node) ?? 0);
    const isSound = node.transport.connected && this.#cuts() <= 1 && simulation.faults.drop === 0;
    world.check(
      !isSound || now - since < aftermathMs,
      `${node.nodeId} is declared dead although it ran without a fault since ${since.toFixed(0)} ms`,
    );
  }

  /** Pairs of nodes that are cut off from each other. */
  #cuts(): number {
    const { simulation } = this.#world;
    return nodeNames.flatMap((a) => nodeNames.filter((b) => a < b && simulation.isCutBetween(a, b))).length;
  }

  #watch(node: TestNode, home: TestNode): void {
    const world = this.#world;
    const target = localSystemOf(node.system).node.refs.resolve({
      node: home.nodeId,
      nodeIncarnation: home.incarnation,
      path: beacon,
      uid: 0,
    });
    node.system.spawn(
      props(() =>
        setup((context) => {
          context.watch(target);
          return receive(
            () => undefined,
            (signal) => {
              if (signal.type !== 'terminated' || signal.reason !== 'node-down') return;
              this.#checkEndOfWatch(node, home);
            },
          );
        }),
      ),
    );
    world.simulation.note(`watch ${node.nodeId} ${home.nodeId}`);
  }

  #checkEndOfWatch(node: TestNode, { nodeId, incarnation }: TestNode): void {
    const world = this.#world;
    // With the log the knowledge of the incarnations that have ended is lost.
    if (!world.isAlive(node) || world.hasLostRecords) return;
    const member = node.view.current() && memberOf(node.view.current() as View, nodeId);
    const seen = node.presence.member(nodeId);
    // The next incarnation, or the node itself in leaving, may have answered.
    const isOver = (this.#newest.get(nodeId) ?? 0) > incarnation || seen?.state === 'left';
    world.check(
      isOver || member?.incarnation !== incarnation || !isTakingPart(member),
      `${node.nodeId} ends its watch on ${nodeId}#${incarnation}, which view ${node.view.current()?.epoch} lists`,
    );
  }
}
