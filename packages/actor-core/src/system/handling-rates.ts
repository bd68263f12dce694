interface Look {
  readonly atMs: number;
  readonly processed: number;
  readonly perSecond: number | undefined;
}

/** How many messages actors handle, from one look to the next. Between looks it costs nothing. */
export class HandlingRates {
  readonly #looks = new WeakMap<object, Look>();

  /** Messages per second since the last look; undefined at the first one. */
  look(actor: { readonly processed: number }, nowMs: number): number | undefined {
    const last = this.#looks.get(actor);
    // Two looks at one instant tell the same.
    if (last !== undefined && nowMs <= last.atMs) return last.perSecond;
    const { processed } = actor;
    const perSecond =
      last === undefined ? undefined : ((processed - last.processed) * 1000) / (nowMs - last.atMs);
    this.#looks.set(actor, { atMs: nowMs, processed, perSecond });
    return perSecond;
  }
}
