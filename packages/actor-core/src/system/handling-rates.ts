interface Sample {
  readonly atMs: number;
  readonly processed: number;
  readonly perSecond: number | undefined;
}

/** Messages per second of actors, from one sample to the next. An actor that is not sampled costs nothing. */
export class HandlingRates {
  readonly #samples = new WeakMap<object, Sample>();

  /** Messages per second since the previous sample; undefined for the first sample. */
  sample(actor: { readonly processed: number }, nowMs: number): number | undefined {
    const last = this.#samples.get(actor);
    // A second sample at the same instant has the same result.
    if (last !== undefined && nowMs <= last.atMs) return last.perSecond;
    const { processed } = actor;
    const perSecond =
      last === undefined ? undefined : ((processed - last.processed) * 1000) / (nowMs - last.atMs);
    this.#samples.set(actor, { atMs: nowMs, processed, perSecond });
    return perSecond;
  }
}
