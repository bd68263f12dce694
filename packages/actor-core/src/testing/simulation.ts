import { seededRandom } from '../random/seeded-random.ts';
import type { Random } from '../random.ts';
import type { Delivery, Passage } from '../transport/memory-transport.ts';
import { ManualClock } from './manual-clock.ts';
import { NodeExecution } from './node-execution.ts';
import { settle } from './settle.ts';
import { SimulatedScheduler } from './simulated-scheduler.ts';
import { type SimulatedNode, startSimulatedNode } from './simulated-node.ts';
import { createTestHub, type TestHub, type TestNodeOptions } from './test-node.ts';
import { optionNames, requireKnownOptions } from '../known-options.ts';

/** How often each fault strikes a delivery, each in [0, 1]. */
export interface FaultRates {
  /** Never arrives. */
  readonly drop: number;
  /** Arrives twice. */
  readonly duplicate: number;
  /** Arrives up to 400 ms late, so that others overtake it. */
  readonly delay: number;
}

/** What can go wrong. `reorder`: a delivery that others overtake. */
export type FaultKind = 'drop' | 'duplicate' | 'reorder' | 'partition' | 'crash' | 'pause' | 'disconnect';

/** How nasty the bus is, and who hears what happens. */
export interface SimulationOptions {
  /**
   * What one connection publishes on one subject stays in order, as NATS promises. False is nastier than NATS.
   *
   * @default false
   */
  readonly keepsSubjectOrder?: boolean;
  /** Told each line that goes into the trace hash. */
  readonly onNote?: (line: string) => void;
}

const simulationOptions = optionNames<SimulationOptions>({ keepsSubjectOrder: true, onNote: true });
const noFaults: FaultRates = { drop: 0, duplicate: 0, delay: 0 };
const maxDelayMs = 400;

/** A hub whose time, order of turns and faults all come from one seed. */
export class Simulation {
  /** Bus and store that its nodes share. */
  readonly hub: TestHub<ManualClock>;
  /** Its time. Move it by `run`, which lets turns run as it passes. */
  readonly clock: ManualClock = new ManualClock();
  /** For the scenario's own choices; apart from the hub's, so that a look at one does not shift the other. */
  readonly random: Random;
  readonly keepsSubjectOrder: boolean;
  /** How often each kind of fault has struck. */
  readonly struck: Map<FaultKind, number> = new Map();
  /** Rates of the faults from now on. @default none */
  faults: FaultRates = noFaults;
  /** What `startNode` started, by name: those that crashed are not in it. */
  readonly nodes: Map<string, SimulatedNode> = new Map();
  readonly #lives = new Map<string, number>();
  readonly #onNote: ((line: string) => void) | undefined;
  readonly #chance: Random;
  readonly #scheduler: SimulatedScheduler;
  readonly #cuts = new Set<string>();
  /** Instant of the last delivery of each connection and subject, where those keep their order. */
  readonly #lastDueMs = new Map<string, number>();
  #hash = 0x811c9dc5;

  /** Two simulations of one seed do the same. */
  constructor(seed: number, options: SimulationOptions = {}) {
    requireKnownOptions('options', options, simulationOptions);
    this.keepsSubjectOrder = options.keepsSubjectOrder ?? false;
    this.#onNote = options.onNote;
    this.random = seededRandom(seed);
    this.#chance = seededRandom(seed ^ 0x5bd1e995);
    this.#scheduler = new SimulatedScheduler(seededRandom(seed ^ 0x1b873593));
    this.hub = createTestHub({
      clock: this.clock,
      random: seededRandom(seed ^ 0x2545f491),
      scheduler: this.#scheduler,
    });
    this.hub.bus.fault = (passage) => this.#fate(passage);
  }

  /** Time and turns for one process of the simulation: give it a hub made of these. */
  execution(): NodeExecution {
    return new NodeExecution(this.clock, this.#scheduler);
  }

  /**
   * Starts a process of the simulation, in its next life: larger than that of every earlier one of this `nodeId`. Its
   * actors run as the simulation does: see `run`.
   */
  startNode(nodeId: string, options: Omit<TestNodeOptions, 'nodeId' | 'incarnation'> = {}): SimulatedNode {
    const incarnation = (this.#lives.get(nodeId) ?? 0) + 1;
    this.#lives.set(nodeId, incarnation);
    const node = startSimulatedNode(this, { ...options, nodeId, incarnation });
    this.nodes.set(nodeId, node);
    return node;
  }

  /** Nothing passes between the two, either way. */
  cut(a: string, b: string): void {
    this.#cuts.add(`${a}>${b}`).add(`${b}>${a}`);
  }

  /** Is anybody cut off from anybody? */
  get isCut(): boolean {
    return this.#cuts.size > 0;
  }

  /** Ends every cut and every rate of faults; what was lost stays lost. */
  heal(): void {
    this.#cuts.clear();
    this.faults = noFaults;
  }

  /** Counts a fault that has struck. */
  strike(kind: FaultKind): void {
    this.struck.set(kind, (this.struck.get(kind) ?? 0) + 1);
  }

  /** Lets `ms` of virtual time pass, everything that becomes ready running as it does. */
  async run(ms: number): Promise<void> {
    const until = this.clock.now() + ms;
    await this.#quiesce();
    while (this.clock.fireNext(until)) await this.#quiesce();
    this.clock.advance(until - this.clock.now());
    await this.#quiesce();
  }

  /** Adds a line to what two runs of one seed must agree on. */
  note(line: string): void {
    const full = `${this.clock.now().toFixed(3)} ${line}`;
    this.#onNote?.(full);
    for (let i = 0; i < full.length; i++)
      this.#hash = Math.imul(this.#hash ^ full.charCodeAt(i), 0x01000193) >>> 0;
  }

  /** Equal in two runs of one seed, in whatever process: all deliveries and notes are in it. */
  get traceHash(): string {
    return this.#hash.toString(16).padStart(8, '0');
  }

  /** Runs turns and the promises that they settle until nothing is ready. */
  async #quiesce(): Promise<void> {
    do {
      while (this.#scheduler.runOne());
      await settle(1);
    } while (this.#scheduler.pending > 0);
  }

  #fate(passage: Passage): Delivery {
    const { from, to, subject } = passage;
    if (from === to) return 'deliver';
    if (this.#cuts.has(`${from}>${to}`)) {
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
    this.note(`${from}>${to} ${subject}`);
    const kept = this.keepsSubjectOrder ? this.#afterTheLast(passage, delayMs) : delayMs;
    if (delayMs > 0) this.strike('reorder');
    if (kept !== undefined && (kept > 0 || this.keepsSubjectOrder)) return { delayMs: kept };
    if (draw >= drop + duplicate) return 'deliver';
    this.strike('duplicate');
    return 'duplicate';
  }

  /** Wait of a delivery that must not overtake the last one of its subject; undefined when none is on its way. */
  #afterTheLast({ from, to, subject }: Passage, delayMs: number): number | undefined {
    const now = this.clock.now();
    const key = `${from}>${to} ${subject}`;
    const last = this.#lastDueMs.get(key) ?? -1;
    if (delayMs === 0 && last < now) return undefined;
    const due = Math.max(now + delayMs, last);
    this.#lastDueMs.set(key, due);
    return due - now;
  }
}
