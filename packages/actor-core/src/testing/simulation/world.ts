import type { RuntimeEvent } from '../../actor/runtime-event.ts';
import { hasEnded } from '../../membership/view/node-fate.ts';
import type { ClockSkew, NodeExecution } from '../node-execution.ts';
import type { Simulation } from '../simulation.ts';
import { createTestNode, type TestNode } from '../test-node.ts';
import { commonCounters, type Counters, type CounterTexts, noCounters } from './counters.ts';

/** Fastest and slowest clock of a node, as a share of its speed: fifty times the error of a cheap quartz. */
const mostRateError = 0.005;
const dayMs = 86_400_000;
const mostRolledBack = 5;

/** What a world is made for. */
export interface WorldOptions {
  readonly counters: CounterTexts;
  readonly onStart: (node: TestNode) => void;
  readonly onEvent: (node: TestNode, event: RuntimeEvent) => void;
  /** Kinds of fault that do not strike. */
  readonly without: ReadonlySet<string>;
  /** Acknowledged records were lost. */
  readonly onLoss: () => void;
}

export const nodeNames: readonly string[] = ['n0', 'n1', 'n2', 'n3', 'n4'];

/** The nodes of one seed, their incarnations, and the guarantees that were seen to break. */
export class World {
  readonly simulation: Simulation;
  readonly counters: Counters;
  /** Broken guarantees; collected here, because an assertion would be swallowed by the code that calls. */
  readonly broken: string[] = [];
  /** Kinds of fault that do not strike. */
  readonly without: ReadonlySet<string>;
  /** Whether the clocks of the nodes of this seed differ. */
  readonly hasSkewedClocks: boolean;
  /** Whether acknowledged records were lost, so that only guarantees about safety are left. */
  hasLostRecords = false;
  readonly #living = new Map<string, { readonly node: TestNode; readonly execution: NodeExecution }>();
  readonly #incarnations = new Map<string, number>();
  /** Nodes that are leaving and no longer count as live, each with a function that ends it for good. */
  readonly #leaving = new Map<string, () => void>();
  readonly #onStart: (node: TestNode) => void;
  readonly #onLoss: () => void;
  readonly #onEvent: (node: TestNode, event: RuntimeEvent) => void;

  constructor(simulation: Simulation, { counters, onStart, onEvent, onLoss, without }: WorldOptions) {
    this.simulation = simulation;
    this.counters = noCounters({ ...commonCounters, ...counters });
    this.#onStart = onStart;
    this.#onEvent = onEvent;
    this.#onLoss = onLoss;
    this.without = without;
    const mayDiffer = this.chance() < 0.7;
    this.hasSkewedClocks = mayDiffer && !without.has('skew');
  }

  now(): number {
    return this.simulation.clock.now();
  }

  /** Resolves when so much time has passed. */
  pass(ms: number): Promise<void> {
    return new Promise((resolve) => this.simulation.clock.setTimer(ms, resolve));
  }

  chance(): number {
    return this.simulation.random.next();
  }

  pick<T>(from: readonly T[]): T {
    return from[Math.floor(this.chance() * from.length)] as T;
  }

  /** Counts an event of a workload. @throws Error for a name that its scenario does not declare */
  count(name: string, events = 1): void {
    const before = this.counters[name];
    if (before === undefined) throw new Error(`no scenario declares the counter ${name}`);
    this.counters[name] = before + events;
  }

  /** How often an event of a workload happened so far. */
  counted(name: string): number {
    return this.counters[name] ?? 0;
  }

  check(holds: boolean, otherwise: string): void {
    if (!holds) this.broken.push(`${this.now().toFixed(0)} ms: ${otherwise}`);
  }

  /** Live nodes, paused or not. */
  nodes(): TestNode[] {
    return [...this.#living.values()].map(({ node }) => node);
  }

  node(name: string): TestNode | undefined {
    return this.#living.get(name)?.node;
  }

  /** A node that clients can use now: live and not paused. */
  anyNode(): TestNode | undefined {
    const one = this.#living.get(this.pick(nodeNames));
    return one === undefined || one.execution.isPaused ? undefined : one.node;
  }

  isAlive(node: TestNode): boolean {
    return this.#living.get(node.nodeId)?.node === node;
  }

  /** End of the current or last pause of that node; clock milliseconds. */
  resumedAtMs(node: TestNode): number {
    return this.#living.get(node.nodeId)?.execution.resumedAtMs ?? 0;
  }

  startNode(name: string): void {
    const incarnation = (this.#incarnations.get(name) ?? 0) + 1;
    this.#incarnations.set(name, incarnation);
    const execution = this.simulation.execution(this.#skew());
    const pulse = this.simulation.pulseOf(execution);
    const hub = { ...this.simulation.hub, clock: execution, scheduler: execution, pulse };
    const node = createTestNode(hub, { nodeId: name, incarnation });
    this.#living.set(name, { node, execution });
    node.system.onEvent((event) => this.#take(node, event));
    this.#watchPresence(node);
    this.#obeyView(node);
    this.#onStart(node);
  }

  /** Whether the node may start its next incarnation: not while the last one is still leaving. */
  isGone(name: string): boolean {
    return !this.#living.has(name) && !this.#leaving.has(name);
  }

  /** The node leaves in order: its actors stop, and it announces its end. It no longer counts as live. */
  leave(name: string): boolean {
    const one = this.#living.get(name);
    if (one === undefined) return false;
    this.#living.delete(name);
    const end = () => {
      if (!this.#leaving.delete(name)) return;
      one.execution.halt();
      one.node.crash();
    };
    this.#leaving.set(name, end);
    void one.node.leave().finally(end);
    this.simulation.note(`leave ${name}`);
    return true;
  }

  /** Ends the nodes that have not left by now. */
  endLeaving(): void {
    for (const end of this.#leaving.values()) end();
  }

  crash(name: string): boolean {
    const one = this.#living.get(name);
    if (one === undefined) return false;
    this.#living.delete(name);
    one.execution.halt();
    one.node.crash();
    this.simulation.strike('crash');
    this.simulation.note(`crash ${name}`);
    return true;
  }

  pause(name: string, ms: number): boolean {
    const one = this.#living.get(name);
    if (one === undefined) return false;
    one.execution.pause(ms);
    this.simulation.strike('pause');
    this.simulation.note(`pause ${name}`);
    return true;
  }

  /** The main loop of the node is blocked; its pulse answers. */
  stall(name: string, ms: number): boolean {
    const one = this.#living.get(name);
    if (one === undefined) return false;
    one.execution.stall(ms);
    this.simulation.strike('stall');
    this.simulation.note(`stall ${name}`);
    return true;
  }

  /** Cuts a node off from all others. Its own messages still come back to it. */
  isolate(name: string): void {
    for (const other of nodeNames) if (other !== name) this.simulation.cut(name, other);
  }

  /** Acknowledged records are lost: all of them, or the newest ones of one log. */
  loseRecords(): void {
    const { simulation } = this;
    const { names } = simulation.hub.logs;
    if (names.length === 0) return;
    this.hasLostRecords = true;
    if (this.chance() < 0.5) simulation.wipe();
    else simulation.rollBack(this.pick(names), 1 + Math.floor(this.chance() * mostRolledBack));
    this.#onLoss();
  }

  /** The wall clock of a node jumps, by up to a day. */
  jumpClock(name: string): boolean {
    const one = this.#living.get(name);
    if (one === undefined) return false;
    const isSmall = this.chance() < 0.5;
    const ms = (2 * this.chance() - 1) * (isSmall ? 5_000 : dayMs);
    one.execution.jumpWall(ms);
    this.simulation.strike('clock-jump');
    this.simulation.note(`clock-jump ${name} ${ms.toFixed(0)}`);
    return true;
  }

  /** Ends every fault except crashes. */
  heal(): void {
    if (this.simulation.isCut || this.simulation.faults.drop > 0) this.count('heals');
    this.simulation.heal();
  }

  /** Every live node sees every live node in its current incarnation. */
  checkMembership(): void {
    for (const node of this.nodes()) {
      for (const name of nodeNames) {
        const seen = node.presence.member(name);
        this.check(
          seen?.state === 'alive' && seen.incarnation === this.#incarnations.get(name),
          `${node.nodeId} sees ${name} as ${seen?.state}#${seen?.incarnation}`,
        );
      }
    }
  }

  #skew(): ClockSkew {
    if (!this.hasSkewedClocks) return {};
    const isSmall = this.chance() < 0.8;
    return {
      rate: 1 + (2 * this.chance() - 1) * mostRateError,
      wallOffsetMs: (2 * this.chance() - 1) * (isSmall ? 500 : dayMs),
    };
  }

  /** A node that reads its own end in the view stops its actors, and its process joins again. */
  #obeyView(node: TestNode): void {
    const { nodeId: name, incarnation, view, system } = node;
    view.onChange((newest) => {
      const one = this.#living.get(name);
      if (one?.node !== node || !hasEnded(newest, name, incarnation)) return;
      this.#living.delete(name);
      this.simulation.note(`declared-dead ${name}`);
      const end = () => {
        if (!this.#leaving.delete(name)) return;
        one.execution.halt();
        node.crash();
        this.startNode(name);
      };
      this.#leaving.set(name, end);
      void system.terminated.finally(end);
    });
  }

  /** A node accepts only increasing incarnations of another node. */
  #watchPresence(node: TestNode): void {
    const newest = new Map<string, number>();
    node.presence.onChange(({ node: other, incarnation }) => {
      const known = newest.get(other) ?? 0;
      newest.set(other, incarnation);
      this.check(
        incarnation >= known || !this.isAlive(node),
        `${node.nodeId} accepts incarnation ${incarnation} of ${other} after incarnation ${known}`,
      );
    });
  }

  #take(node: TestNode, event: RuntimeEvent): void {
    // What the code of a crashed node still does in this process does not count.
    if (!this.isAlive(node)) return;
    if (event.type === 'restarted') this.count('restarts');
    if (event.type === 'escalated') this.count('escalations');
    if (event.type === 'dead-letter') this.count('deadLetters');
    this.check(event.type !== 'bad-frame', `${node.nodeId} got a frame that it cannot read`);
    this.simulation.note(`${node.nodeId} ${event.type} ${'path' in event ? event.path : ''}`);
    this.#onEvent(node, event);
  }
}
