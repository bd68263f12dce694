import type { LogFault, LogOperation } from '../storage/log/log-fault.ts';
import type { Random } from '../random.ts';
import type { FaultKind } from './fault-rates.ts';
import type { Clock } from '../clock.ts';
import { decideStoreFault, noStoreFaults, type StoreFaultRates } from './store-faults.ts';

const maxSlowMs = 400;
const usualMs = 1.5;
const leastMs = 0.1;

/** What the store of a simulation works with. */
export interface SimulatedStoreOptions {
  readonly clock: Clock;
  readonly random: Random;
  readonly strike: (kind: FaultKind) => void;
  readonly note: (line: string) => void;
}

/**
 * State and faults of the JetStream of a simulation. The logs themselves are the memory twin (`hub.logs`); this is the
 * server in front of them: whether it answers, how long that takes, and what goes wrong on the way.
 */
export class SimulatedStore {
  readonly clock: Clock;
  readonly strike: (kind: FaultKind) => void;
  readonly note: (line: string) => void;
  /** Rates of the faults from now on. @default none */
  rates: StoreFaultRates = noStoreFaults;
  /** Until then nothing is done and nothing is answered; clock milliseconds. */
  standsStillUntilMs = 0;
  /** Number of restarts. What the server has not done when it ends is never done. */
  restarts = 0;
  readonly #random: Random;
  /** Logs without a leader, each until an instant; the empty name stands for all. */
  readonly #awayUntilMs = new Map<string, number>();
  readonly #cutOff = new Set<string>();
  #fullUntilMs = 0;

  constructor(options: SimulatedStoreOptions) {
    this.clock = options.clock;
    this.strike = options.strike;
    this.note = options.note;
    this.#random = options.random;
  }

  /** A log, or every log, has no leader for `ms`: requests get no reply. */
  away(ms: number, log = ''): void {
    this.strike('away');
    this.note(`away ${log} ${ms.toFixed(0)}`);
    this.#awayUntilMs.set(log, Math.max(this.clock.now() + ms, this.#awayUntilMs.get(log) ?? 0));
  }

  /** Every append is refused for `ms`, because the disk is full. */
  full(ms: number): void {
    this.strike('full');
    this.note(`full ${ms.toFixed(0)}`);
    this.#fullUntilMs = this.clock.now() + ms;
  }

  /** The node is connected to a server that cannot reach JetStream's majority: it keeps the bus and loses the store. */
  cutOff(node: string): void {
    this.strike('store-cut');
    this.note(`store-cut ${node}`);
    this.#cutOff.add(node);
  }

  /** Ends all faults of the store. A server that stands still does so until its time is over. */
  heal(): void {
    this.rates = noStoreFaults;
    this.#awayUntilMs.clear();
    this.#cutOff.clear();
    this.#fullUntilMs = 0;
  }

  /** A number in [0, 1). @internal */
  draw(): number {
    return this.#random.next();
  }

  /** How long a message takes on one leg. @internal */
  delayMs(): number {
    const draw = this.draw();
    if (draw >= this.rates.slow) return leastMs + usualMs * draw;
    this.strike('slow-store');
    return (draw / this.rates.slow) * maxSlowMs;
  }

  /** What goes wrong with an operation that has arrived. @internal */
  faultOf(operation: LogOperation): LogFault | undefined {
    const { node, log, kind } = operation;
    const now = this.clock.now();
    if (this.#cutOff.has(node) || this.#isAway(log, now)) return 'away';
    if (now < this.#fullUntilMs && kind === 'append') return 'full';
    const fault = decideStoreFault(operation, this.rates, this.draw());
    if (fault !== undefined) this.strike(fault);
    return fault;
  }

  /** How many times an announcement arrives. @internal */
  copiesOf({ node }: LogOperation): 0 | 1 | 2 {
    if (this.#cutOff.has(node)) return 0;
    const { announcementLost, announcementDoubled } = this.rates;
    const draw = this.draw();
    if (draw >= announcementLost + announcementDoubled) return 1;
    const isLost = draw < announcementLost;
    this.strike(isLost ? 'announcement-lost' : 'announcement-doubled');
    return isLost ? 0 : 2;
  }

  #isAway(log: string, now: number): boolean {
    return [log, ''].some((name) => (this.#awayUntilMs.get(name) ?? 0) > now);
  }
}
