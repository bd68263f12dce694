import type { Random } from '../../../random.ts';
import { seededRandom } from '../../../random/seeded-random.ts';
import type { SwimStatus } from '../member-list.ts';
import { lanProfile, type SwimConfig } from '../swim-config.ts';
import { createSwim, type SwimEffect, type SwimEvent, type SwimState } from '../swim-state.ts';
import { encodeSwim } from '../swim-codec.ts';
import type { SwimEnvelope } from '../swim-message.ts';
import { announceSwim, decideSwim, wakeAtMs } from '../swim.ts';

interface Due {
  readonly atMs: number;
  readonly order: number;
  readonly run: () => void;
}

interface SimulatedMember {
  readonly node: string;
  readonly state: SwimState;
  /** No event reaches it before. */
  pausedUntilMs: number;
  /** Its main loop is blocked since then; its pulse answers. */
  stalledSinceMs: number | undefined;
  isDead: boolean;
  /** Members on different sides of a partition of NATS do not reach each other. */
  side: number;
  /** Its link to NATS is cut without anybody learning of it. */
  isCut: boolean;
  timer: number;
}

/** One change of status, as one member saw it. */
export interface SeenChange {
  readonly atMs: number;
  readonly by: string;
  readonly node: string;
  readonly status: SwimStatus;
  readonly was: SwimStatus | undefined;
}

export interface SwimNetworkOptions {
  readonly seed: number;
  readonly config?: SwimConfig;
  /** Share of messages that are lost. @default 0 */
  readonly loss?: number;
  /** Whether the bytes of all messages are counted, which takes time. @default false */
  readonly countsBytes?: boolean;
}

/**
 * Failure detectors on a simulated NATS: latency, loss, refusals, cut links, pauses, and a server that stands still.
 */
export class SwimNetwork {
  readonly members: Map<string, SimulatedMember> = new Map();
  readonly changes: SeenChange[] = [];
  readonly random: Random;
  nowMs: number = 0;
  messages: number = 0;
  /** Messages that reached a member, its own echoes included. */
  deliveries: number = 0;
  /** Bytes of the payloads that were published. */
  bytes: number = 0;
  readonly #countsBytes: boolean;
  readonly #config: SwimConfig;
  readonly #loss: number;
  readonly #heap: Due[] = [];
  #order = 0;
  #natsBackMs = 0;

  constructor({ seed, config = lanProfile, loss = 0, countsBytes = false }: SwimNetworkOptions) {
    this.#countsBytes = countsBytes;
    this.random = seededRandom(seed);
    this.#config = config;
    this.#loss = loss;
  }

  /** Starts a member; a restart of a known id needs a larger incarnation. */
  join(node: string, incarnation: number = 1): SimulatedMember {
    const options = {
      node,
      incarnation,
      metadata: new Uint8Array(16),
      config: this.#config,
      random: this.random,
    };
    const state = createSwim(options, this.nowMs);
    const member: SimulatedMember = {
      node,
      state,
      pausedUntilMs: 0,
      stalledSinceMs: undefined,
      isDead: false,
      side: 0,
      isCut: false,
      timer: 0,
    };
    this.members.set(node, member);
    this.#perform(member, announceSwim(state));
    this.#arm(member);
    return member;
  }

  joinAll(count: number): readonly string[] {
    const names = Array.from({ length: count }, (_, i) => `n${i}`);
    for (const name of names) this.join(name);
    return names;
  }

  crash(node: string): void {
    this.#at(node).isDead = true;
  }

  /** The whole process stands still. */
  pause(node: string, forMs: number): void {
    const member = this.#at(node);
    member.pausedUntilMs = this.nowMs + forMs;
    member.stalledSinceMs = undefined;
  }

  /** The main loop is blocked; the pulse thread runs. */
  stall(node: string, forMs: number): void {
    const member = this.#at(node);
    member.pausedUntilMs = this.nowMs + forMs;
    member.stalledSinceMs = this.nowMs;
  }

  cut(node: string, isCut: boolean = true): void {
    this.#at(node).isCut = isCut;
  }

  /** Puts a member on a side of a partition; NATS works within each side. 0 is the side of all at the start. */
  moveTo(node: string, side: number): void {
    this.#at(node).side = side;
  }

  /** NATS holds every message for so long; no connection breaks. */
  freezeNats(forMs: number): void {
    this.#natsBackMs = this.nowMs + forMs;
  }

  leave(node: string): void {
    this.#take(this.#at(node), { kind: 'leave' });
    this.#at(node).isDead = true;
  }

  /** Runs for so long, or until `done`, which is asked every 20 ms. True when `done` became true. */
  run(forMs: number, done: () => boolean = () => false): boolean {
    const untilMs = this.nowMs + forMs;
    let askedMs = this.nowMs;
    for (;;) {
      const next = this.#heap[0];
      if (next === undefined || next.atMs > untilMs) break;
      this.#pop();
      this.nowMs = Math.max(this.nowMs, next.atMs);
      next.run();
      if (this.nowMs - askedMs < 20) continue;
      askedMs = this.nowMs;
      if (done()) return true;
    }
    this.nowMs = untilMs;
    return done();
  }

  status(by: string, node: string): SwimStatus | undefined {
    return this.#at(by).state.members.get(node)?.status;
  }

  /** True when every living member sees `node` so. */
  allSee(node: string, status: SwimStatus): boolean {
    for (const { node: by, isDead } of this.members.values())
      if (!isDead && by !== node && this.status(by, node) !== status) return false;
    return true;
  }

  /** True when every living member sees all others alive. */
  isConverged(): boolean {
    for (const { node, isDead } of this.members.values())
      if (!isDead && !this.allSee(node, 'alive')) return false;
    return true;
  }

  #at(node: string): SimulatedMember {
    return this.members.get(node) as SimulatedMember;
  }

  #take(member: SimulatedMember, event: SwimEvent): void {
    if (member.isDead) return;
    if (member.pausedUntilMs > this.nowMs) {
      this.#later(member.pausedUntilMs - this.nowMs, () => this.#take(member, event));
      return;
    }
    this.#perform(member, decideSwim(member.state, event, this.nowMs));
    this.#arm(member);
  }

  #arm(member: SimulatedMember): void {
    const timer = ++member.timer;
    const inMs = Math.max(0, wakeAtMs(member.state) - this.nowMs);
    if (!Number.isFinite(inMs)) return;
    this.#later(inMs, () => {
      if (member.timer === timer) this.#take(member, { kind: 'tick' });
    });
  }

  #perform(member: SimulatedMember, effects: readonly SwimEffect[]): void {
    for (const effect of effects) {
      if (effect.kind === 'changed') {
        const { node, status } = effect.member;
        this.changes.push({ atMs: this.nowMs, by: member.node, node, status, was: effect.was });
      } else if (effect.kind === 'send') this.#send(member, effect);
      else if (effect.kind === 'pulse' || effect.kind === 'knock') this.#askPulse(member, effect);
      else if (effect.kind === 'broadcast') {
        this.#count(effect.envelope);
        for (const to of this.members.values()) this.#deliver(member, to, effect.envelope);
      }
    }
  }

  #count(envelope: SwimEnvelope): void {
    this.messages += 1;
    if (this.#countsBytes) this.bytes += encodeSwim(envelope).length;
  }

  #send(from: SimulatedMember, { to, envelope }: Extract<SwimEffect, { kind: 'send' }>): void {
    this.#count(envelope);
    const target = this.members.get(to);
    if (target !== undefined && !target.isDead) this.#deliver(from, target, envelope);
  }

  #askPulse(
    from: SimulatedMember,
    { kind, to, sequence }: Extract<SwimEffect, { kind: 'pulse' | 'knock' }>,
  ): void {
    this.messages += 1;
    const target = this.members.get(to);
    if (from.isCut) return;
    const heldMs = Math.max(0, this.#natsBackMs - this.nowMs);
    if (target === undefined || target.isDead || target.side !== from.side) {
      this.#later(heldMs + this.#latencyMs(), () => this.#take(from, { kind: 'refused', to, sequence }));
      return;
    }
    this.deliveries += 1;
    if (kind === 'knock') return;
    if (target.isCut || (this.#loss > 0 && this.random.next() < this.#loss)) return;
    this.#later(heldMs + 2 * this.#latencyMs(), () => this.#answerPulse(from, target, sequence));
  }

  #answerPulse(from: SimulatedMember, target: SimulatedMember, sequence: number): void {
    const isPaused = target.pausedUntilMs > this.nowMs;
    const { stalledSinceMs } = target;
    if (target.isDead || target.isCut || from.isCut || (isPaused && stalledSinceMs === undefined)) return;
    this.messages += 1;
    this.deliveries += 1;
    const lagMs = isPaused && stalledSinceMs !== undefined ? this.nowMs - stalledSinceMs : 0;
    const answer = { incarnation: target.state.self.incarnation, lagMs, isConnected: true };
    this.#take(from, { kind: 'pulse', from: target.node, sequence, answer });
  }

  #deliver(
    from: SimulatedMember,
    to: SimulatedMember,
    envelope: Extract<SwimEffect, { kind: 'send' }>['envelope'],
  ): void {
    if (from.isCut || to.isCut || to.isDead || from.side !== to.side) return;
    if (this.#loss > 0 && this.random.next() < this.#loss) return;
    this.deliveries += 1;
    const heldMs = Math.max(0, this.#natsBackMs - this.nowMs);
    this.#later(heldMs + this.#latencyMs(), () => {
      if (!to.isCut) this.#take(to, { kind: 'received', from: from.node, envelope });
    });
  }

  #latencyMs(): number {
    return 0.2 + 2 * this.random.next();
  }

  #later(inMs: number, run: () => void): void {
    const heap = this.#heap;
    const due = { atMs: this.nowMs + inMs, order: this.#order++, run };
    let i = heap.push(due) - 1;
    while (i > 0) {
      const parent = (i - 1) >> 1;
      if (!isBefore(due, heap[parent] as Due)) break;
      heap[i] = heap[parent] as Due;
      i = parent;
    }
    heap[i] = due;
  }

  #pop(): void {
    const heap = this.#heap;
    const last = heap.pop() as Due;
    if (heap.length === 0) return;
    let i = 0;
    for (;;) {
      let child = 2 * i + 1;
      if (child >= heap.length) break;
      if (child + 1 < heap.length && isBefore(heap[child + 1] as Due, heap[child] as Due)) child += 1;
      if (!isBefore(heap[child] as Due, last)) break;
      heap[i] = heap[child] as Due;
      i = child;
    }
    heap[i] = last;
  }
}

function isBefore(a: Due, b: Due): boolean {
  return a.atMs < b.atMs || (a.atMs === b.atMs && a.order < b.order);
}
