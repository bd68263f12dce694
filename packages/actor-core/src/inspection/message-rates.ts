interface Sample {
  readonly atMs: number;
  readonly processed: number;
  readonly perSecond: number | undefined;
}

/** Wait for the first rate of an actor. */
export const sampleMs = 250;
/** Shortest time over which a first rate is measured; below `sampleMs`, since timers are not exact. */
const shortestMs = 200;
/** A rate younger than this is returned again, so that several askers do not shorten the measured time. */
const freshMs = 500;
/** A sample older than this is not used for a rate. */
const staleMs = 30_000;

/** Messages per second of actors, from one sample to the next. An actor that is not sampled costs nothing. */
export class MessageRates {
  readonly #samples = new WeakMap<object, Sample>();

  /** Messages per second since the previous sample; undefined without a recent sample: call again after `sampleMs`. */
  sample(actor: { readonly processed: number }, nowMs: number): number | undefined {
    const last = this.#samples.get(actor);
    const { processed } = actor;
    const passedMs = last === undefined ? Number.POSITIVE_INFINITY : nowMs - last.atMs;
    if (last === undefined || passedMs > staleMs) {
      this.#samples.set(actor, { atMs: nowMs, processed, perSecond: undefined });
      return undefined;
    }
    if (passedMs < (last.perSecond === undefined ? shortestMs : freshMs)) return last.perSecond;
    const perSecond = ((processed - last.processed) * 1_000) / passedMs;
    this.#samples.set(actor, { atMs: nowMs, processed, perSecond });
    return perSecond;
  }
}
