/** Cancels remembered: those of streams that ended long ago give way. */
const kept = 1_024;

/**
 * Cancels of streams that are not known. A cancel travels on the control lane and may overtake its `open`, which must
 * then not run for nobody.
 */
export class EarlyCancels {
  readonly #streamIds = new Set<string>();

  add(streamId: string): void {
    this.#streamIds.add(streamId);
    for (const oldest of this.#streamIds) {
      if (this.#streamIds.size <= kept) break;
      this.#streamIds.delete(oldest);
    }
  }

  /** True, once, if the stream was cancelled before it came. */
  take(streamId: string): boolean {
    return this.#streamIds.delete(streamId);
  }
}
