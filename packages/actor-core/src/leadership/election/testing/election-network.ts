import type { Random } from '../../../random.ts';
import { seededRandom } from '../../../random/seeded-random.ts';
import { electionDefaults } from '../election-config.ts';
import type { ElectionMessage } from '../election-message.ts';
import {
  createElection,
  type ElectionEffect,
  type ElectionEvent,
  type ElectionState,
} from '../election-state.ts';
import { decideElection, electionWakeAtMs } from '../election.ts';
import { isTrusted } from '../trust-window.ts';

interface Due {
  readonly atMs: number;
  readonly order: number;
  readonly run: () => void;
}

interface Voter {
  readonly node: string;
  state: ElectionState;
  /** Speed of its clock; 1 is exact. */
  readonly rate: number;
  pausedUntilMs: number;
  isDown: boolean;
  isCut: boolean;
  timer: number;
}

export interface ElectionNetworkOptions {
  readonly seed: number;
  readonly voters?: number;
  readonly loss?: number;
  /** Largest deviation of a clock's speed. @default 0 */
  readonly drift?: number;
  /** Longest time that a message, or an operation of the log, is on its way. @default 3 */
  readonly mostLatencyMs?: number;
}

/**
 * Voters on a simulated NATS, and a lead record with compare-and-set. Checks after each step that at most one of them
 * may act.
 */
export class ElectionNetwork {
  readonly voters: Map<string, Voter> = new Map();
  readonly random: Random;
  /** The lead records, oldest first; the fence is the position from 1. */
  readonly records: { readonly node: string; readonly term: number; readonly atMs: number }[] = [];
  nowMs: number = 0;
  readonly #loss: number;
  readonly #mostLatencyMs: number;
  #queue: Due[] = [];
  #order = 0;
  #recordsUp = true;

  constructor({ seed, voters = 3, loss = 0, drift = 0, mostLatencyMs = 3 }: ElectionNetworkOptions) {
    this.random = seededRandom(seed);
    this.#loss = loss;
    this.#mostLatencyMs = mostLatencyMs;
    const names = Array.from({ length: voters }, (_, i) => `v${i}`);
    for (const node of names) {
      const rate = 1 + drift * (2 * this.random.next() - 1);
      const state = this.#create(node, names, 0);
      const voter: Voter = { node, state, rate, pausedUntilMs: 0, isDown: false, isCut: false, timer: 0 };
      this.voters.set(node, voter);
      this.#arm(voter);
    }
  }

  kill(node: string): void {
    this.#at(node).isDown = true;
  }

  /** A new run of the process, which remembers nothing. */
  restart(node: string): void {
    const voter = this.#at(node);
    voter.isDown = false;
    voter.pausedUntilMs = 0;
    voter.state = this.#create(node, [...this.voters.keys()], this.#clock(voter));
    this.#arm(voter);
  }

  pause(node: string, forMs: number): void {
    this.#at(node).pausedUntilMs = this.nowMs + forMs;
  }

  cut(node: string, isCut: boolean = true): void {
    this.#at(node).isCut = isCut;
  }

  /** The store answers nothing for so long. */
  loseStore(forMs: number): void {
    this.#recordsUp = false;
    this.#later(forMs, () => {
      this.#recordsUp = true;
    });
  }

  transfer(to: string): void {
    const leader = this.leader();
    if (leader !== undefined) this.#take(this.#at(leader), { kind: 'transfer', to });
  }

  /** The one that may act, if there is one. */
  leader(): string | undefined {
    return this.#acting()[0];
  }

  run(forMs: number, done: () => boolean = () => false): boolean {
    const untilMs = this.nowMs + forMs;
    for (;;) {
      const next = this.#next();
      if (next === undefined || next.atMs > untilMs) break;
      this.#queue.splice(this.#queue.indexOf(next), 1);
      this.nowMs = Math.max(this.nowMs, next.atMs);
      next.run();
      const acting = this.#acting();
      if (acting.length > 1) throw new Error(`at ${this.nowMs} ms ${acting.join(' and ')} may act`);
      if (done()) return true;
    }
    this.nowMs = untilMs;
    return done();
  }

  #acting(): string[] {
    const names: string[] = [];
    for (const voter of this.voters.values())
      if (!voter.isDown && isTrusted(voter.state, this.#clock(voter))) names.push(voter.node);
    return names;
  }

  #create(node: string, voters: readonly string[], nowMs: number): ElectionState {
    const last = this.records.at(-1);
    return createElection(
      {
        node,
        incarnation: 1,
        electorate: 'voters',
        isCandidate: true,
        voters,
        config: electionDefaults,
        random: this.random,
        term: last?.term ?? 0,
        fence: this.records.length,
      },
      nowMs,
    );
  }

  #at(node: string): Voter {
    return this.voters.get(node) as Voter;
  }

  #clock({ rate }: Voter): number {
    return this.nowMs * rate;
  }

  #take(voter: Voter, event: ElectionEvent): void {
    if (voter.isDown) return;
    if (voter.pausedUntilMs > this.nowMs) {
      const { state } = voter;
      // Nothing of an earlier run reaches the next one.
      this.#later(voter.pausedUntilMs - this.nowMs, () => voter.state === state && this.#take(voter, event));
      return;
    }
    this.#perform(voter, decideElection(voter.state, event, this.#clock(voter)));
    this.#arm(voter);
  }

  #arm(voter: Voter): void {
    const timer = ++voter.timer;
    const inMs = Math.max(0, electionWakeAtMs(voter.state) / voter.rate - this.nowMs);
    this.#later(inMs + 0.01, () => {
      if (voter.timer === timer) this.#take(voter, { kind: 'tick' });
    });
  }

  #perform(voter: Voter, effects: readonly ElectionEffect[]): void {
    for (const effect of effects) {
      if (effect.kind === 'send') this.#deliver(voter, this.#at(effect.to), effect.message);
      else if (effect.kind === 'broadcast') {
        for (const other of this.voters.values()) this.#deliver(voter, other, effect.message);
        this.#echo(voter, effect.message.sentAtMs);
      } else if (effect.kind === 'probe') this.#echo(voter, effect.sentAtMs);
      else if (effect.kind === 'record') this.#record(voter, effect.term);
    }
  }

  /** Read, then compare-and-set, each of which takes its time. */
  #record(voter: Voter, wanted: number): void {
    const { state } = voter;
    this.#later(this.#latencyMs(), () => {
      const read = this.records.length;
      this.#later(this.#latencyMs(), () => {
        if (voter.isCut || !this.#recordsUp || voter.state !== state) return;
        const last = this.records.at(-1);
        const isFirst = this.records.length === read;
        const term = Math.max(wanted, (last?.term ?? 0) + 1);
        if (isFirst) this.records.push({ node: voter.node, term, atMs: this.nowMs });
        const fence = this.records.length;
        const kind = isFirst ? 'recorded' : 'not-recorded';
        this.#later(this.#latencyMs(), () =>
          this.#take(voter, { kind, term: isFirst ? term : (last?.term ?? 0), fence }),
        );
      });
    });
  }

  #deliver(from: Voter, to: Voter, message: ElectionMessage): void {
    if (from === to || from.isCut || to.isCut || to.isDown || this.random.next() < this.#loss) return;
    const { state } = to;
    this.#later(this.#latencyMs(), () => {
      if (!to.isCut && to.state === state) this.#take(to, { kind: 'received', from: from.node, message });
    });
  }

  #echo(voter: Voter, sentAtMs: number): void {
    if (voter.isCut || this.random.next() < this.#loss) return;
    const { state } = voter;
    this.#later(this.#latencyMs(), () => {
      if (!voter.isCut && voter.state === state) this.#take(voter, { kind: 'echoed', sentAtMs });
    });
  }

  #latencyMs(): number {
    return 0.2 + this.#mostLatencyMs * this.random.next();
  }

  #later(inMs: number, run: () => void): void {
    this.#queue.push({ atMs: this.nowMs + inMs, order: this.#order++, run });
  }

  #next(): Due | undefined {
    let next: Due | undefined;
    for (const due of this.#queue)
      if (next === undefined || due.atMs < next.atMs || (due.atMs === next.atMs && due.order < next.order))
        next = due;
    return next;
  }
}
