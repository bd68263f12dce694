import { slotIdleMs, slotRenewMs } from './quota-rule.ts';
import { type Part, type Pool, type Slice, takeParts, type Tell } from './slice.ts';

/** Slots that this gateway holds under one id. */
interface Held extends Slice {
  /** When the claim is told anew. */
  renewAtMs: number;
  /** Since when the slots that are left are idle. */
  idleSinceMs: number;
}

/** Slots for requests that run at the same time. A slot comes back when its request ends. */
export class SlotPool implements Pool {
  readonly #held = new Map<number, Held>();
  readonly #tell: Tell;

  constructor(tell: Tell) {
    this.#tell = tell;
  }

  get isIdle(): boolean {
    return this.#held.size === 0;
  }

  get held(): number {
    let held = 0;
    for (const { units } of this.#held.values()) held += units;
    return held;
  }

  holds(id: number): boolean {
    return this.#held.has(id);
  }

  left(): number {
    let left = 0;
    for (const held of this.#held.values()) left += held.left;
    return left;
  }

  reserve(units: number): Part[] | undefined {
    return takeParts(this.#held.values(), units);
  }

  add(id: number, units: number, endsAtMs: number): Slice {
    const held = {
      id,
      units,
      left: units,
      endsAtMs: Number.POSITIVE_INFINITY,
      isOpen: true,
      renewAtMs: endsAtMs + slotRenewMs,
      idleSinceMs: endsAtMs,
    };
    this.#held.set(id, held);
    return held;
  }

  finish(parts: readonly Part[], _used: number, nowMs: number): void {
    for (const { slice, units } of parts) {
      slice.left += units;
      const held = this.#held.get(slice.id);
      if (held !== undefined) held.idleSinceMs = nowMs;
    }
  }

  tick(nowMs: number): void {
    for (const held of this.#held.values()) {
      if (held.left > 0 && nowMs - held.idleSinceMs >= slotIdleMs) this.#lower(held, nowMs);
      else if (nowMs >= held.renewAtMs) this.#renew(held, nowMs);
    }
  }

  close(nowMs: number): void {
    for (const held of this.#held.values()) if (held.left > 0) this.#lower(held, nowMs);
  }

  #lower(held: Held, nowMs: number): void {
    held.units -= held.left;
    held.left = 0;
    if (held.units === 0) this.#held.delete(held.id);
    this.#renew(held, nowMs);
  }

  #renew(held: Held, nowMs: number): void {
    held.renewAtMs = nowMs + slotRenewMs;
    this.#tell({ kind: 'hold', id: held.id, units: held.units });
  }
}
