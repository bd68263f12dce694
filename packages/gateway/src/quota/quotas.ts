import type { Clock, Timer } from '@drover/actor-core';
import { decideShare } from './decide-share.ts';
import { decideSlice, Demand } from './demand.ts';
import type { QuotaJournal, QuotaListener } from './quota-journal.ts';
import type { QuotaOp } from './quota-op.ts';
import { type QuotaRule, sliceMs, windowMs } from './quota-rule.ts';
import { QuotaTable } from './quota-table.ts';
import { RatePool } from './rate-pool.ts';
import type { Part, Pool } from './slice.ts';
import { SlotPool } from './slot-pool.ts';

/** Units that one request has. */
export interface Grant {
  readonly kind: 'granted';
  /** The request ended. @param used units that it used in truth, which may be more. @default those that it has */
  finish(used?: number): void;
}

/** `over`: the quota is spent. `unknown`: this gateway does not know yet what the others used. */
export interface Refusal {
  readonly kind: 'over' | 'unknown';
  /** When to ask again. */
  readonly retryAfterMs: number;
}

/** Where a quota stands, as this gateway knows it. */
export interface QuotaState {
  readonly remaining: number;
  /** Milliseconds until everything is free again, if nothing more is used. */
  readonly resetMs: number;
}

export interface QuotasOptions {
  readonly clock: Clock;
  /** Gateways that serve now, this one included. */
  readonly gateways: () => number;
  readonly openJournal: (listener: QuotaListener) => QuotaJournal;
}

/** Counts of one gateway, for metrics. */
export interface QuotaStats {
  /** Claims that were sent. */
  readonly claims: number;
  /** Requests that waited for a claim. */
  readonly waited: number;
  /** Requests that went on by the share of this gateway, without the store. */
  readonly shared: number;
  /** Whether the store does not answer. */
  readonly isSilent: boolean;
}

/** A claim whose place in the log is not known yet. */
interface Pending {
  readonly id: number;
  readonly sentAtMs: number;
  readonly waiters: (() => void)[];
  readonly timer: Timer;
}

interface Own {
  rule: QuotaRule;
  readonly pool: Pool;
  readonly demand: Demand;
  /** Ids of what was used without the store. */
  readonly shareIds: Set<number>;
  pending: Pending | undefined;
  /** Units that requests wait for. */
  waiting: number;
}

/** Longest wait for the place of a claim; then the store counts as silent. */
const claimTimeoutMs = 1_000;
/** Time between two attempts to reach a silent store. */
const probeMs = 1_000;
const tickMs = 250;
/** A request that finds its claim spent by others claims again, at most this often. */
const maxRounds = 4;
/** Retry time where it cannot be known. */
const unknownRetryMs = 1_000;

/**
 * Quotas over all gateways, without a question for each request: a gateway claims slices of a quota in a log that all
 * gateways follow, and hands them out. A claim counts for what was left at its place in the log.
 *
 * @see docs/decisions/0062-quotas-by-claims-in-a-log.md
 */
export class Quotas {
  readonly #clock: Clock;
  readonly #gateways: () => number;
  readonly #journal: QuotaJournal;
  readonly #table = new QuotaTable();
  readonly #own = new Map<string, Own>();
  readonly #startedAtMs: number;
  #ids = 0;
  #isSilent = false;
  #probedAtMs = Number.NEGATIVE_INFINITY;
  #mostGateways = 1;
  #mostAtMs = 0;
  #timer: Timer | undefined;
  #claims = 0;
  #waited = 0;
  #shared = 0;

  constructor({ clock, gateways, openJournal }: QuotasOptions) {
    this.#clock = clock;
    this.#gateways = gateways;
    this.#startedAtMs = clock.now();
    this.#journal = openJournal({
      onOp: (run, batch, op, atMs) => this.#onOp(run, batch, op, atMs),
      onLost: (ops) => this.#onLost(ops),
    });
  }

  get stats(): QuotaStats {
    return { claims: this.#claims, waited: this.#waited, shared: this.#shared, isSilent: this.#isSilent };
  }

  /** Takes units for a request. Answers at once, unless what this gateway claimed is used up and more may be free. */
  take(rule: QuotaRule, units: number): Grant | Refusal | Promise<Grant | Refusal> {
    const own = this.#ownOf(rule);
    own.demand.note(units, this.#clock.now());
    return this.#tryTake(own, rule, units) ?? this.#await(own, rule, units);
  }

  state(rule: QuotaRule): QuotaState {
    const nowMs = this.#clock.now();
    const counted = this.#table.counted(rule.name, nowMs);
    // What is left of slices that have ended is given back just now.
    const left = this.#own.get(rule.name)?.pool.left(Number.NEGATIVE_INFINITY) ?? 0;
    const resetMs = counted > left ? this.#table.endOf(rule.name, counted, nowMs) : 0;
    return { remaining: Math.max(0, rule.limit - counted + left), resetMs };
  }

  async close(): Promise<void> {
    this.#timer?.cancel();
    for (const { pool, pending } of this.#own.values()) {
      pool.close(this.#clock.now());
      this.#settle(pending);
    }
    await this.#journal.close();
  }

  /** The answer, where it is known now. */
  #tryTake(own: Own, rule: QuotaRule, units: number): Grant | Refusal | undefined {
    const nowMs = this.#clock.now();
    const parts = own.pool.reserve(units, nowMs);
    if (parts !== undefined) {
      this.#prefetch(own, rule, nowMs);
      return this.#granted(own, parts, units);
    }
    if (!this.#journal.hasCaughtUp || this.#isSilent) return this.#withoutStore(own, rule, units, nowMs);
    if (own.pending !== undefined) return undefined;
    const missing = units - own.pool.left(nowMs);
    return this.#free(rule, nowMs) >= missing ? undefined : this.#over(rule, units, nowMs);
  }

  async #await(own: Own, rule: QuotaRule, units: number): Promise<Grant | Refusal> {
    this.#waited += 1;
    own.waiting += units;
    try {
      for (let round = 0; round < maxRounds; round++) {
        const pending = own.pending ?? this.#claim(own, this.#wanted(own, rule));
        await new Promise<void>((resolve) => pending.waiters.push(resolve));
        const answer = this.#tryTake(own, rule, units);
        if (answer !== undefined) return answer;
      }
      return this.#over(rule, units, this.#clock.now());
    } finally {
      own.waiting -= units;
    }
  }

  /** Units to claim for all requests that wait, and for those to come. */
  #wanted({ pool, demand, waiting }: Own, rule: QuotaRule): number {
    const nowMs = this.#clock.now();
    const free = this.#free(rule, nowMs);
    const needed = Math.max(1, Math.min(waiting - pool.left(nowMs), free));
    if (rule.kind === 'slots') return needed;
    return decideSlice({ needed, free, perSecond: demand.perSecond(nowMs), gateways: this.#count(nowMs) });
  }

  /** Claims the next slice before this one is used up. */
  #prefetch(own: Own, rule: QuotaRule, nowMs: number): void {
    if (own.pending !== undefined || rule.kind === 'slots' || this.#isSilent) return;
    if (!this.#journal.hasCaughtUp) return;
    const perSecond = own.demand.perSecond(nowMs);
    if (own.pool.left(nowMs) > perSecond / 2 || perSecond * sliceMs < 1_000) return;
    const facts = { needed: 0, free: this.#free(rule, nowMs), perSecond, gateways: this.#count(nowMs) };
    const units = decideSlice(facts);
    if (units > 0) this.#claim(own, units);
  }

  #claim(own: Own, units: number): Pending {
    const { name: quota, kind } = own.rule;
    const id = this.#nextId();
    const timer = this.#clock.setTimer(claimTimeoutMs, () => this.#lose(own));
    const pending = { id, sentAtMs: this.#clock.now(), waiters: [], timer };
    own.pending = pending;
    this.#claims += 1;
    this.#journal.tell({ kind: kind === 'rate' ? 'take' : 'hold', quota, id, units });
    return pending;
  }

  /** The place of a claim did not become known: the store does not answer. */
  #lose(own: Own): void {
    const { pending } = own;
    this.#isSilent = true;
    own.pending = undefined;
    this.#settle(pending);
  }

  #onOp(run: string, batch: number, op: QuotaOp, atMs: number): void {
    const nowMs = this.#clock.now();
    const isOwn = run === this.#journal.run;
    const own = isOwn ? this.#own.get(op.quota) : undefined;
    const isClaim = op.kind === 'take' || op.kind === 'hold';
    if (isOwn) this.#isSilent = false;
    // Before the claim itself counts: what others claimed earlier in the log.
    const before = this.#table.counted(op.quota, nowMs);
    const isNew = this.#table.apply(run, batch, op, atMs);
    this.#arm();
    if (!isNew || !isOwn || !isClaim || op.units === 0) return;
    if (own?.pending?.id === op.id) this.#grant(own, own.pending, op, before);
    else if (own?.pool.holds(op.id) !== true) this.#giveBack(op);
  }

  /** The place of a claim is known: it stands for what was left then. */
  #grant(own: Own, pending: Pending, op: QuotaOp, before: number): void {
    const { rule, pool } = own;
    own.pending = undefined;
    const granted = Math.max(0, Math.min(op.units, rule.limit - before));
    if (granted < op.units) this.#lower(op, granted);
    if (granted > 0) {
      const isRate = rule.kind === 'rate';
      pool.add(op.id, granted, isRate ? pending.sentAtMs + sliceMs : this.#clock.now());
    }
    this.#settle(pending);
  }

  #lower(op: QuotaOp, units: number): void {
    const { quota, id, kind } = op;
    if (kind === 'hold') return this.#journal.tell({ kind, quota, id, units });
    this.#journal.tell(units === 0 ? { kind: 'use', quota, id, units } : { kind: 'trim', quota, id, units });
  }

  /** A claim that nobody waits for any more was accepted late. */
  #giveBack({ kind, quota, id }: QuotaOp): void {
    this.#journal.tell({ kind: kind === 'hold' ? 'hold' : 'use', quota, id, units: 0 });
  }

  #onLost(ops: readonly QuotaOp[]): void {
    for (const { quota, id } of ops) {
      const own = this.#own.get(quota);
      if (own?.pending?.id === id) this.#lose(own);
    }
  }

  #settle(pending: Pending | undefined): void {
    pending?.timer.cancel();
    for (const waiter of pending?.waiters.splice(0) ?? []) waiter();
  }

  /** The store does not answer: this gateway goes on with its share. */
  #withoutStore(own: Own, rule: QuotaRule, units: number, nowMs: number): Grant | Refusal {
    if (!this.#journal.hasCaughtUp && !this.#journal.isMissing && nowMs - this.#startedAtMs < windowMs)
      return { kind: 'unknown', retryAfterMs: unknownRetryMs };
    this.#probe(own, rule, nowMs);
    const { run: self } = this.#journal;
    const isShare = (run: string, id: number) =>
      run === self && (rule.kind === 'slots' || own.shareIds.has(id));
    const counted = this.#table.countedOf(rule.name, nowMs, (run, id) => !isShare(run, id));
    const ownShare = rule.kind === 'slots' ? own.pool.held : this.#table.countedOf(rule.name, nowMs, isShare);
    const facts = { limit: rule.limit, counted, ownShare, needed: units, gateways: this.#count(nowMs) };
    if (!decideShare(facts)) return { kind: 'over', retryAfterMs: unknownRetryMs };
    this.#shared += 1;
    return this.#shareOf(own, rule, units, nowMs);
  }

  #shareOf(own: Own, { kind, name: quota }: QuotaRule, units: number, nowMs: number): Grant {
    const id = this.#nextId();
    own.shareIds.add(id);
    // Counts here at once, and elsewhere when the store is back.
    const op: QuotaOp = { kind: kind === 'rate' ? 'use' : 'hold', quota, id, units };
    this.#table.apply(this.#journal.run, 0, op, nowMs);
    this.#journal.tell(op);
    this.#arm();
    own.pool.add(id, units, kind === 'rate' ? nowMs + sliceMs : nowMs);
    return this.#granted(own, own.pool.reserve(units, nowMs) ?? [], units);
  }

  /** A claim that nobody waits for: when its place is known, the store is back. */
  #probe(own: Own, rule: QuotaRule, nowMs: number): void {
    if (!this.#journal.hasCaughtUp || own.pending !== undefined || nowMs - this.#probedAtMs < probeMs) return;
    this.#probedAtMs = nowMs;
    this.#claim(own, 1);
  }

  #granted(own: Own, parts: readonly Part[], units: number): Grant {
    let hasEnded = false;
    return {
      kind: 'granted',
      finish: (used = units) => {
        if (hasEnded) return;
        hasEnded = true;
        own.pool.finish(parts, used, this.#clock.now());
      },
    };
  }

  #free({ name, limit }: QuotaRule, nowMs: number): number {
    return limit - this.#table.counted(name, nowMs);
  }

  #over(rule: QuotaRule, units: number, nowMs: number): Refusal {
    const missing = units - this.#free(rule, nowMs);
    const endMs = this.#table.endOf(rule.name, missing, nowMs);
    // Others may give back before their claims end.
    const retryAfterMs = Number.isFinite(endMs) && rule.kind === 'rate' ? Math.max(1, endMs) : unknownRetryMs;
    return { kind: 'over', retryAfterMs };
  }

  /** The most gateways within the last minute. */
  #count(nowMs: number): number {
    const now = Math.max(1, this.#gateways());
    if (now >= this.#mostGateways || nowMs - this.#mostAtMs > windowMs) {
      this.#mostGateways = now;
      this.#mostAtMs = nowMs;
    }
    return this.#mostGateways;
  }

  #ownOf(rule: QuotaRule): Own {
    const known = this.#own.get(rule.name);
    if (known !== undefined) {
      known.rule = rule;
      return known;
    }
    const tell = (op: Pick<QuotaOp, 'kind' | 'id' | 'units'>) =>
      this.#journal.tell({ ...op, quota: rule.name });
    const pool = rule.kind === 'rate' ? new RatePool(tell, () => this.#nextId()) : new SlotPool(tell);
    const own: Own = {
      rule,
      pool,
      demand: new Demand(),
      shareIds: new Set(),
      pending: undefined,
      waiting: 0,
    };
    this.#own.set(rule.name, own);
    this.#arm();
    return own;
  }

  #nextId(): number {
    this.#ids += 1;
    return this.#ids;
  }

  #arm(): void {
    this.#timer ??= this.#clock.setTimer(tickMs, () => {
      this.#timer = undefined;
      this.#tick();
    });
  }

  #tick(): void {
    const nowMs = this.#clock.now();
    this.#table.prune(nowMs);
    for (const [name, { pool, pending }] of this.#own) {
      pool.tick(nowMs);
      if (pool.isIdle && pending === undefined && this.#table.counted(name, nowMs) === 0)
        this.#own.delete(name);
    }
    if (this.#own.size > 0 || this.#table.size > 0) this.#arm();
  }
}
