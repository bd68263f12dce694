import { seededRandom } from '../random/seeded-random.ts';
import type { Random } from '../random.ts';
import type { Delivery, Passage } from '../transport/memory-transport.ts';
import { ManualClock } from './manual-clock.ts';
import { settle } from './settle.ts';
import { SimulatedScheduler } from './simulated-scheduler.ts';
import { createTestHub, type TestHub } from './test-node.ts';

/** How often each fault strikes a delivery, each in [0, 1]. */
export interface FaultRates {
  readonly drop: number;
  readonly duplicate: number;
  readonly delay: number;
}

const noFaults: FaultRates = { drop: 0, duplicate: 0, delay: 0 };
const maxDelayMs = 400;

/** A hub whose time, order of turns and faults all come from one seed. */
export class Simulation {
  readonly hub: TestHub<ManualClock>;
  readonly clock: ManualClock = new ManualClock();
  /** For the scenario's own choices; apart from the hub's, so that a look at one does not shift the other. */
  readonly random: Random;
  faults: FaultRates = noFaults;
  private readonly chance: Random;
  private readonly scheduler: SimulatedScheduler;
  private readonly cuts = new Set<string>();
  private hash = 0x811c9dc5;

  constructor(seed: number) {
    this.random = seededRandom(seed);
    this.chance = seededRandom(seed ^ 0x5bd1e995);
    this.scheduler = new SimulatedScheduler(seededRandom(seed ^ 0x1b873593));
    this.hub = createTestHub({
      clock: this.clock,
      random: seededRandom(seed ^ 0x2545f491),
      scheduler: this.scheduler,
    });
    this.hub.bus.fault = (passage) => this.fate(passage);
  }

  /** Nothing passes between the two, either way. */
  cut(a: string, b: string): void {
    this.cuts.add(`${a}>${b}`).add(`${b}>${a}`);
  }

  heal(): void {
    this.cuts.clear();
    this.faults = noFaults;
  }

  /** Lets `ms` of virtual time pass, everything that becomes ready running as it does. */
  async run(ms: number): Promise<void> {
    const until = this.clock.now() + ms;
    await this.quiesce();
    while (this.clock.fireNext(until)) await this.quiesce();
    this.clock.advance(until - this.clock.now());
    await this.quiesce();
  }

  /** Adds a line to what two runs of one seed must agree on. */
  note(line: string): void {
    const full = `${this.clock.now().toFixed(3)} ${line}`;
    for (let i = 0; i < full.length; i++)
      this.hash = Math.imul(this.hash ^ full.charCodeAt(i), 0x01000193) >>> 0;
  }

  get traceHash(): string {
    return this.hash.toString(16);
  }

  /** Runs turns and the promises that they settle until nothing is ready. */
  private async quiesce(): Promise<void> {
    do {
      while (this.scheduler.runOne());
      await settle(1);
    } while (this.scheduler.pending > 0);
  }

  private fate({ from, to, subject }: Passage): Delivery {
    if (from === to) return 'deliver';
    if (this.cuts.has(`${from}>${to}`)) return 'drop';
    const { drop, duplicate, delay } = this.faults;
    const draw = this.chance.next();
    if (draw < drop) return 'drop';
    if (draw < drop + duplicate) return 'duplicate';
    if (draw < drop + duplicate + delay) return { delayMs: this.chance.next() * maxDelayMs };
    this.note(`${from}>${to} ${subject}`);
    return 'deliver';
  }
}
