import type { QuotaOp } from './quota-op.ts';
import { sliceMs, slotLeaseMs, windowMs } from './quota-rule.ts';

/** A claim of one gateway, and how long it counts. */
interface Entry {
  readonly run: string;
  readonly id: number;
  units: number;
  /** Instant of this process's clock from which it does not count. */
  untilMs: number;
  /** Number of the newest batch that changed it. */
  batch: number;
}

/** The claims of one quota. */
interface Claims {
  readonly entries: Map<string, Entry>;
  sum: number;
  /** No entry ends before. */
  nextEndMs: number;
}

/**
 * All claims of all gateways, in the order of the log. Every claim counts in full from the moment when this gateway
 * hears of it, and for the whole window after its last possible use. So the sum is never below what was used.
 */
export class QuotaTable {
  readonly #quotas = new Map<string, Claims>();

  /** Number of claims, for diagnosis. */
  get size(): number {
    let size = 0;
    for (const { entries } of this.#quotas.values()) size += entries.size;
    return size;
  }

  /**
   * Returns whether the change was new.
   *
   * @param atMs when the change was accepted, by the clock of this process; not earlier than it truly was
   */
  apply(run: string, batch: number, { kind, quota, id, units }: QuotaOp, atMs: number): boolean {
    const claims = this.#claimsOf(quota);
    const key = `${run} ${id}`;
    const entry = claims.entries.get(key);
    // An older batch that arrived late, or was read again.
    if (entry !== undefined && entry.batch >= batch) return false;
    const next: Entry = { run, id, units, batch, untilMs: this.#untilOf(kind, units, entry, atMs) };
    if (kind === 'trim') next.units = Math.min(units, entry?.units ?? 0);
    // The end of a claim is kept for a while: an older batch must not revive it.
    claims.sum += next.units - (entry?.units ?? 0);
    claims.entries.set(key, next);
    claims.nextEndMs = Math.min(claims.nextEndMs, next.untilMs);
    return true;
  }

  #untilOf(kind: QuotaOp['kind'], units: number, entry: Entry | undefined, atMs: number): number {
    if (kind === 'take') return atMs + sliceMs + windowMs;
    if (kind === 'hold') return atMs + slotLeaseMs;
    if (kind === 'trim') return entry?.untilMs ?? atMs;
    // Units that are told later were used later.
    const hasGrown = entry === undefined || units > entry.units;
    return hasGrown ? atMs + windowMs : Math.min(entry.untilMs, atMs + windowMs);
  }

  /** Units that count now, of all gateways. */
  counted(quota: string, nowMs: number): number {
    const claims = this.#quotas.get(quota);
    if (claims === undefined) return 0;
    if (nowMs >= claims.nextEndMs) this.#prune(quota, claims, nowMs);
    return claims.sum;
  }

  /** Units that count now, of the claims that match. */
  countedOf(quota: string, nowMs: number, isWanted: (run: string, id: number) => boolean): number {
    if (this.counted(quota, nowMs) === 0) return 0;
    let sum = 0;
    for (const { run, id, units } of this.#quotas.get(quota)?.entries.values() ?? [])
      if (isWanted(run, id)) sum += units;
    return sum;
  }

  /** Milliseconds until `units` units have ended, if nothing is claimed anew; 0 if they have, Infinity if never. */
  endOf(quota: string, units: number, nowMs: number): number {
    if (units <= 0) return 0;
    const entries = [...(this.#quotas.get(quota)?.entries.values() ?? [])];
    let left = units;
    for (const entry of entries.toSorted((a, b) => a.untilMs - b.untilMs)) {
      left -= entry.units;
      if (left <= 0) return Math.max(0, entry.untilMs - nowMs);
    }
    return Number.POSITIVE_INFINITY;
  }

  /** Forgets what has ended. */
  prune(nowMs: number): void {
    for (const [quota, claims] of this.#quotas)
      if (nowMs >= claims.nextEndMs) this.#prune(quota, claims, nowMs);
  }

  #prune(quota: string, claims: Claims, nowMs: number): void {
    claims.nextEndMs = Number.POSITIVE_INFINITY;
    claims.sum = 0;
    for (const [key, { units, untilMs }] of claims.entries) {
      if (untilMs <= nowMs) {
        claims.entries.delete(key);
        continue;
      }
      claims.sum += units;
      claims.nextEndMs = Math.min(claims.nextEndMs, untilMs);
    }
    if (claims.entries.size === 0) this.#quotas.delete(quota);
  }

  #claimsOf(quota: string): Claims {
    const known = this.#quotas.get(quota);
    if (known !== undefined) return known;
    const claims: Claims = { entries: new Map(), sum: 0, nextEndMs: Number.POSITIVE_INFINITY };
    this.#quotas.set(quota, claims);
    return claims;
  }
}
