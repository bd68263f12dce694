/** Time over which the demand is averaged. */
const spanMs = 2_000;

/** How many units of a quota the requests at this gateway asked for of late, per second. */
export class Demand {
  #perSecond = 0;
  #atMs = 0;

  note(units: number, nowMs: number): void {
    this.#perSecond = this.perSecond(nowMs) + (units * 1_000) / spanMs;
    this.#atMs = nowMs;
  }

  perSecond(nowMs: number): number {
    return this.#perSecond * Math.exp(-(nowMs - this.#atMs) / spanMs);
  }
}

/** What a gateway knows when it takes a slice. */
export interface SliceFacts {
  /** Units that requests wait for. */
  readonly needed: number;
  /** Units that nobody has claimed. */
  readonly free: number;
  readonly perSecond: number;
  readonly gateways: number;
}

/**
 * Units to claim: what is needed, and what the next second will ask for. Of what is free beyond the need, a gateway
 * takes no more than half of its share, so that the others find units too; near the limit slices are single units.
 */
export function decideSlice({ needed, free, perSecond, gateways }: SliceFacts): number {
  const share = Math.floor((free - needed) / (2 * gateways));
  return needed + Math.max(0, Math.min(Math.ceil(perSecond), share));
}
