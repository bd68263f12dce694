/** Largest number of cancels that are kept; the oldest is removed first. */
const maxCancels = 1_024;

/**
 * Cancels of unknown streams. A cancel travels on the control lane and may overtake its `open`, which must then be
 * ignored.
 */
export class EarlyCancels {
  readonly #streamIds = new Set<string>();

  add(streamId: string): void {
    this.#streamIds.add(streamId);
    for (const oldest of this.#streamIds) {
      if (this.#streamIds.size <= maxCancels) break;
      this.#streamIds.delete(oldest);
    }
  }

  /** True if the stream was cancelled before its `open`. Removes the cancel. */
  take(streamId: string): boolean {
    return this.#streamIds.delete(streamId);
  }
}
