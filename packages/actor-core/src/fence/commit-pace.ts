/** How much faster a batch must seem: a write that is measured while outcomes are handled seems slow. */
const leastGain = 2;
/** Weight of the newest duration in an average. */
const newestShare = 0.2;
/** A longer commit than this many averages waited for something else, such as a server that restarts. */
const mostAverages = 4;
/** What a batch seems to cost falls by this part with each commit that avoids one, so that a batch is tried again. */
const forgottenShare = 0.001;

/**
 * Decides by measured durations whether writes that wait are faster one after the other or as one batch.
 *
 * A batch takes about the same time whether it holds two records or hundreds, but that time depends on the stream: 8 ms
 * on one replica with files, where a plain write takes 0.1 to 0.6 ms, and 1 ms on three, where a plain one takes as
 * long.
 */
export class CommitPace {
  #plainMs: number | undefined;
  #batchMs: number | undefined;

  notePlain(tookMs: number): void {
    this.#plainMs = averageOf(this.#plainMs, tookMs);
  }

  noteBatch(tookMs: number): void {
    this.#batchMs = averageOf(this.#batchMs, tookMs);
  }

  /** Whether that many waiting writes are to be one batch. True until both ways were measured. */
  prefersBatch(waiting: number): boolean {
    if (this.#plainMs === undefined || this.#batchMs === undefined) return true;
    if (waiting * this.#plainMs >= leastGain * this.#batchMs) return true;
    this.#batchMs *= 1 - forgottenShare;
    return false;
  }
}

function averageOf(average: number | undefined, tookMs: number): number {
  if (average === undefined) return tookMs;
  return average + newestShare * (Math.min(tookMs, mostAverages * average) - average);
}
