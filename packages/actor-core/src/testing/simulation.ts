import { seededRandom } from '../random/seeded-random.ts';
import type { Random } from '../random.ts';
import type { Delivery, Passage } from '../transport/memory-transport.ts';
import { type FaultKind, type FaultRates, noFaults } from './fault-rates.ts';
import { ManualClock } from './manual-clock.ts';
import { type ClockSkew, NodeExecution } from './node-execution.ts';
import { drainMicrotasks, settle } from './settle.ts';
import { createSubjects } from '../transport/subjects.ts';
import { simulatedPulse } from './simulated-pulse.ts';
import { SimulatedScheduler } from './simulated-scheduler.ts';
import { type SimulatedNode, startSimulatedNode } from './simulated-node.ts';
import { SimulatedPath } from './simulated-path.ts';
import { SimulatedStore } from './simulated-store.ts';
import { createTestHub, type TestHub, type TestNodeOptions } from './test-node.ts';
import { optionNames, requireKnownOptions } from '../known-options.ts';

/** Rules of the simulated bus, and a listener for its trace. */
export interface SimulationOptions {
  /**
   * Keeps messages of one connection on one subject in order, as NATS promises. `false` also tests what NATS rules out.
   *
   * @default false
   */
  readonly keepsSubjectOrder?: boolean;
  /** Called with each line that goes into the trace hash. */
  readonly onNote?: (line: string) => void;
}

const simulationOptions = optionNames<SimulationOptions>({ keepsSubjectOrder: true, onNote: true });
const maxDelayMs = 400;
/** Time between the reconnections of the nodes after a restart of the server, at most. */
const reconnectSpreadMs = 500;

/** A cluster in one process whose time, order of turns and faults all come from one seed. */
export class Simulation {
  /** Bus and store that the nodes share. */
  readonly hub: TestHub<ManualClock>;
  /** Virtual time. Move it with `run`, which also runs the turns that become ready. */
  readonly clock: ManualClock = new ManualClock();
  /** Random source of the scenario. The bus has its own, so that a draw here does not change the faults there. */
  readonly random: Random;
  readonly keepsSubjectOrder: boolean;
  /** Number of faults so far, by kind. */
  readonly struck: Map<FaultKind, number> = new Map();
  /** The JetStream of the simulation: its faults, and how long it takes. The logs themselves are `hub.logs`. */
  readonly store: SimulatedStore;
  /** Rates of the faults of the bus from now on. @default none */
  faults: FaultRates = noFaults;
  /** Nodes that `startNode` started and that have not crashed, by id. */
  readonly nodes: Map<string, SimulatedNode> = new Map();
  readonly #incarnations = new Map<string, number>();
  readonly #onNote: ((line: string) => void) | undefined;
  readonly #chance: Random;
  readonly #scheduler: SimulatedScheduler;
  readonly #cuts = new Set<string>();
  /** Due time of the last delivery per connection and subject, for `keepsSubjectOrder`. */
  readonly #lastDueMs = new Map<string, number>();
  #hash = 0x811c9dc5;

  /** Two simulations with the same seed and the same calls do the same. */
  constructor(seed: number, options: SimulationOptions = {}) {
    requireKnownOptions('options', options, simulationOptions);
    this.keepsSubjectOrder = options.keepsSubjectOrder ?? false;
    this.#onNote = options.onNote;
    this.random = seededRandom(seed);
    this.#chance = seededRandom(seed ^ 0x5bd1e995);
    this.#scheduler = new SimulatedScheduler(seededRandom(seed ^ 0x1b873593));
    this.store = new SimulatedStore({
      clock: this.clock,
      random: seededRandom(seed ^ 0x6c078965),
      strike: (kind) => this.strike(kind),
      note: (line) => this.note(line),
    });
    const hub = createTestHub({
      clock: this.clock,
      random: seededRandom(seed ^ 0x2545f491),
      scheduler: this.#scheduler,
    });
    this.hub = {
      ...hub,
      membershipSeed: seed,
      pathOf: (user) => new SimulatedPath(this.store, user),
    };
    this.hub.bus.fault = (passage) => this.#fate(passage);
  }

  /** Time and turns for one process of the simulation: its clock and its scheduler. @default no skew */
  execution(skew?: ClockSkew): NodeExecution {
    return new NodeExecution(this.clock, this.#scheduler, skew);
  }

  /**
   * Starts a node in the next incarnation of this `nodeId`. Its actors run when the simulation runs: see `run`.
   */
  startNode(
    nodeId: string,
    options: Omit<TestNodeOptions, 'nodeId' | 'incarnation'> & { readonly skew?: ClockSkew } = {},
  ): SimulatedNode {
    const { skew, ...nodeOptions } = options;
    const incarnation = (this.#incarnations.get(nodeId) ?? 0) + 1;
    this.#incarnations.set(nodeId, incarnation);
    const execution = this.execution(skew);
    const surroundings = {
      hub: this.hub,
      execution,
      pulse: this.pulseOf(execution),
      strike: (kind: FaultKind) => this.strike(kind),
      note: (line: string) => this.note(line),
      onCrash: (crashed: SimulatedNode) => {
        if (this.nodes.get(nodeId) === crashed) this.nodes.delete(nodeId);
      },
    };
    const node = startSimulatedNode(surroundings, { ...nodeOptions, nodeId, incarnation });
    this.nodes.set(nodeId, node);
    return node;
  }

  /** The second thread of the nodes whose main loop runs on `execution`. */
  pulseOf(execution: NodeExecution): NonNullable<TestHub['pulse']> {
    const { bus, cell } = this.hub;
    const subjects = createSubjects(cell);
    return (node, incarnation, main) =>
      simulatedPulse({ bus, scheduler: this.#scheduler, execution, subjects, node, incarnation, main });
  }

  /** Drops every message between the two nodes, in both directions. */
  cut(a: string, b: string): void {
    this.#cuts.add(`${a}>${b}`).add(`${b}>${a}`);
  }

  /** Whether messages between the two nodes are dropped. */
  isCutBetween(a: string, b: string): boolean {
    return this.#cuts.has(`${a}>${b}`);
  }

  /** Whether any two nodes are cut off from each other. */
  get isCut(): boolean {
    return this.#cuts.size > 0;
  }

  /** The server does nothing for `ms`, with all connections open: nothing is delivered, not even to its sender. */
  standStill(ms: number): void {
    this.strike('stand-still');
    this.note(`stand-still ${ms.toFixed(0)}`);
    this.store.standsStillUntilMs = Math.max(this.store.standsStillUntilMs, this.clock.now() + ms);
  }

  /** The server is down for `ms`. It forgets which message ids it accepted; the nodes reconnect one by one. */
  restartServer(ms: number): void {
    this.strike('restart');
    this.note(`restart ${ms.toFixed(0)}`);
    this.store.restarts++;
    this.hub.bus.disconnectAll();
    this.hub.logs.forgetMessageIds();
    this.clock.setTimer(ms, () => this.#reconnectOneByOne());
  }

  /** All nodes lose their connections and get them back, one by one, as many times. */
  reconnectStorm(times: number): void {
    this.strike('reconnect-storm');
    for (let round = 0; round < times; round++)
      this.clock.setTimer(2 * round * reconnectSpreadMs, () => {
        this.note('storm');
        this.hub.bus.disconnectAll();
        this.#reconnectOneByOne();
      });
  }

  /** All logs and all leases are lost. */
  wipe(): void {
    this.strike('wipe');
    this.note('wipe');
    this.hub.logs.wipe();
  }

  /** A log loses its newest records, as after a power cut. */
  rollBack(log: string, records: number): void {
    this.strike('roll-back');
    this.note(`roll-back ${log} ${records}`);
    this.hub.logs.rollBack(log, records);
  }

  /** Ends all cuts, the faults of the store, and sets all fault rates to 0. Lost messages stay lost. */
  heal(): void {
    this.#cuts.clear();
    this.faults = noFaults;
    this.store.heal();
  }

  /** Counts a fault that has struck. */
  strike(kind: FaultKind): void {
    this.struck.set(kind, (this.struck.get(kind) ?? 0) + 1);
  }

  /** Advances virtual time by `ms` and runs everything that becomes ready on the way. */
  async run(ms: number): Promise<void> {
    const until = this.clock.now() + ms;
    do {
      // Turns, and the promises that they settle, until nothing is ready.
      do {
        while (this.#scheduler.runOne());
        await drainMicrotasks();
      } while (this.#scheduler.pending > 0);
    } while (this.clock.fireNext(until));
    this.clock.advance(until - this.clock.now());
    // What needs a turn of the event loop, in code that is not simulated.
    await settle(1);
    while (this.#scheduler.pending > 0) {
      while (this.#scheduler.runOne());
      await drainMicrotasks();
    }
  }

  /** Adds a line to the trace, which two runs of one seed must have in common. */
  note(line: string): void {
    const now = this.clock.now();
    this.#onNote?.(`${now.toFixed(3)} ${line}`);
    let hash = Math.imul(this.#hash ^ Math.round(now * 1_000), 0x01000193);
    for (let i = 0; i < line.length; i++) hash = Math.imul(hash ^ line.charCodeAt(i), 0x01000193);
    this.#hash = hash >>> 0;
  }

  /** Hash of the trace (all deliveries and notes): equal in two runs of one seed, also in different processes. */
  get traceHash(): string {
    return this.#hash.toString(16).padStart(8, '0');
  }

  #reconnectOneByOne(): void {
    for (const transport of this.hub.bus.transports)
      this.clock.setTimer(this.#chance.next() * reconnectSpreadMs, () => transport.reconnect());
  }

  #fate(passage: Passage): Delivery {
    const stillMs = this.store.standsStillUntilMs - this.clock.now();
    if (stillMs > 0)
      return {
        delayMs:
          (this.keepsSubjectOrder ? this.#afterTheLast(wayOf(passage), stillMs) : undefined) ?? stillMs,
      };
    const { from, to } = passage;
    if (from === to) return 'deliver';
    if (this.#cuts.size > 0 && this.#cuts.has(`${from}>${to}`)) {
      this.strike('partition');
      return 'drop';
    }
    const { drop, duplicate, delay } = this.faults;
    const draw = this.#chance.next();
    if (draw < drop) {
      this.strike('drop');
      return 'drop';
    }
    const delayMs =
      draw >= drop + duplicate && draw < drop + duplicate + delay ? this.#chance.next() * maxDelayMs : 0;
    const way = wayOf(passage);
    this.note(way);
    const kept = this.keepsSubjectOrder ? this.#afterTheLast(way, delayMs) : delayMs;
    if (delayMs > 0) this.strike('reorder');
    if (kept !== undefined && (kept > 0 || this.keepsSubjectOrder)) return { delayMs: kept };
    if (draw >= drop + duplicate) return 'deliver';
    this.strike('duplicate');
    return 'duplicate';
  }

  /** Delay of a delivery that must not overtake the previous one of its subject; undefined when none is pending. */
  #afterTheLast(way: string, delayMs: number): number | undefined {
    const now = this.clock.now();
    const last = this.#lastDueMs.get(way) ?? -1;
    if (delayMs === 0 && last < now) return undefined;
    const due = Math.max(now + delayMs, last);
    this.#lastDueMs.set(way, due);
    return due - now;
  }
}

/** Connection and subject of a message. */
function wayOf({ from, to, subject }: Passage): string {
  return `${from}>${to} ${subject}`;
}
