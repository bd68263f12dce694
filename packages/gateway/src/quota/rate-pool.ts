import { windowMs } from './quota-rule.ts';
import { type Part, type Pool, type Slice, takeParts, type Tell } from './slice.ts';

/** A refund that others hear when they have forgotten the claim would count anew. */
const refundMarginMs = 5_000;

/** The slices of a rate. Units that were used never come back to a pool: they end with the window. */
export class RatePool implements Pool {
  readonly #open = new Map<number, Slice>();
  readonly #tell: Tell;
  readonly #nextId: () => number;
  #running = 0;

  constructor(tell: Tell, nextId: () => number) {
    this.#tell = tell;
    this.#nextId = nextId;
  }

  get isIdle(): boolean {
    return this.#open.size === 0 && this.#running === 0;
  }

  get held(): number {
    let held = 0;
    for (const { units } of this.#open.values()) held += units;
    return held;
  }

  holds(id: number): boolean {
    return this.#open.has(id);
  }

  left(nowMs: number): number {
    let left = 0;
    for (const slice of this.#open.values()) if (slice.endsAtMs > nowMs) left += slice.left;
    return left;
  }

  reserve(units: number, nowMs: number): Part[] | undefined {
    const usable = [...this.#open.values()].filter(({ endsAtMs }) => endsAtMs > nowMs);
    const parts = takeParts(usable, units);
    if (parts === undefined) return undefined;
    this.#running += 1;
    return parts;
  }

  add(id: number, units: number, endsAtMs: number): Slice {
    const slice = { id, units, left: units, endsAtMs, isOpen: true };
    this.#open.set(id, slice);
    return slice;
  }

  finish(parts: readonly Part[], used: number, nowMs: number): void {
    this.#running -= 1;
    const reserved = parts.reduce((sum, { units }) => sum + units, 0);
    if (used > reserved) this.#tell({ kind: 'use', id: this.#nextId(), units: used - reserved });
    let unused = reserved - used;
    for (const part of parts) {
      if (unused <= 0) return;
      const back = Math.min(unused, part.units);
      unused -= back;
      this.#refund(part.slice, back, nowMs);
    }
  }

  tick(nowMs: number): void {
    // Until then the units of a request that is refused elsewhere come back without a message.
    for (const slice of this.#open.values())
      if (slice.left === 0 || slice.endsAtMs <= nowMs) this.#close(slice, nowMs);
  }

  close(nowMs: number): void {
    for (const slice of this.#open.values()) this.#close(slice, nowMs);
  }

  #refund(slice: Slice, units: number, nowMs: number): void {
    if (slice.isOpen) {
      slice.left += units;
      return;
    }
    // `endsAtMs` of a closed slice is when it was closed.
    if (nowMs > slice.endsAtMs + windowMs - refundMarginMs) return;
    slice.units -= units;
    this.#tell({ kind: 'use', id: slice.id, units: slice.units });
  }

  #close(slice: Slice, nowMs: number): void {
    slice.isOpen = false;
    slice.units -= slice.left;
    slice.left = 0;
    slice.endsAtMs = nowMs;
    this.#open.delete(slice.id);
    this.#tell({ kind: 'use', id: slice.id, units: slice.units });
  }
}
