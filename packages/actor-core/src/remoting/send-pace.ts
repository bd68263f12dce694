/** Length of one window of the count. */
const windowMs = 20;
/** Messages in one window from which on gathering pays: 800 a second. */
const busyMessages = 16;

/** Tells whether many messages leave at present, from counts of the current window and the one before. */
export class SendPace {
  #windowStartMs = Number.NEGATIVE_INFINITY;
  #count = 0;
  #countBefore = 0;

  /** Counts one message. True if many messages leave. */
  note(nowMs: number): boolean {
    const ageMs = nowMs - this.#windowStartMs;
    if (ageMs >= windowMs) {
      this.#countBefore = ageMs < 2 * windowMs ? this.#count : 0;
      this.#count = 0;
      this.#windowStartMs = nowMs;
    }
    this.#count += 1;
    return this.#count >= busyMessages || this.#countBefore >= busyMessages;
  }
}
