/** Most samples kept: enough for the age of any actor with an error of a few hundredths. */
const maxSamples = 256;
/** Differences below this do not matter. */
const resolutionMs = 1_000;

interface Sample {
  /** How many uids had been given out. */
  readonly given: number;
  readonly atMs: number;
}

/**
 * Start times of actors, estimated from their uids, which are given out in order: from time to time the number of uids
 * given out is sampled. An actor itself stores no start time.
 */
export class StartTimes {
  /** Both fields only grow. */
  readonly #samples: Sample[] = [];

  sample(given: number, nowMs: number): void {
    if ((this.#samples.at(-1)?.given ?? -1) >= given) return;
    this.#samples.push({ given, atMs: nowMs });
    if (this.#samples.length > maxSamples) this.#samples.splice(this.#leastUseful(nowMs), 1);
  }

  /** The time of the first sample after the start of the actor; undefined when there is none yet. */
  of(uid: number): number | undefined {
    let from = 0;
    let to = this.#samples.length;
    while (from < to) {
      const middle = (from + to) >> 1;
      if ((this.#samples[middle] as Sample).given > uid) to = middle;
      else from = middle + 1;
    }
    return this.#samples[from]?.atMs;
  }

  /** The sample whose removal makes the ages least wrong, relative to the ages. */
  #leastUseful(nowMs: number): number {
    let least = 1;
    let leastError = Number.POSITIVE_INFINITY;
    for (let i = 1; i < this.#samples.length - 1; i++) {
      const after = (this.#samples[i + 1] as Sample).atMs;
      const error = (after - (this.#samples[i - 1] as Sample).atMs) / (nowMs - after + resolutionMs);
      if (error < leastError) [least, leastError] = [i, error];
    }
    return least;
  }
}
