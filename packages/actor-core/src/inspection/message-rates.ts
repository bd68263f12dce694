interface Look {
  readonly atMs: number;
  readonly processed: number;
  readonly perSecond: number | undefined;
}

/** How long to wait for a first rate. */
export const sampleMs = 250;
/** The shortest time that a first rate may be of: timers are not exact. */
const shortestMs = 200;
/** A rate this young is told again: several who look do not shorten each other's times. */
const freshMs = 500;
/** What was looked at longer ago says nothing of now. */
const staleMs = 30_000;

/** How many messages actors handle, between looks at them. Between looks it costs nothing. */
export class MessageRates {
  readonly #looks = new WeakMap<object, Look>();

  /** Messages per second since the last look; undefined when there was none lately: look again after `sampleMs`. */
  look(actor: { readonly processed: number }, nowMs: number): number | undefined {
    const last = this.#looks.get(actor);
    const { processed } = actor;
    const passedMs = last === undefined ? Number.POSITIVE_INFINITY : nowMs - last.atMs;
    if (last === undefined || passedMs > staleMs) {
      this.#looks.set(actor, { atMs: nowMs, processed, perSecond: undefined });
      return undefined;
    }
    if (passedMs < (last.perSecond === undefined ? shortestMs : freshMs)) return last.perSecond;
    const perSecond = ((processed - last.processed) * 1_000) / passedMs;
    this.#looks.set(actor, { atMs: nowMs, processed, perSecond });
    return perSecond;
  }
}
