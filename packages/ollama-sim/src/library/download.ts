import type { Clock } from '../clock.ts';
import type { Pullable } from '../config.ts';

/** Interval of progress reports. */
export const PROGRESS_MS = 60;

/**
 * One download, which all pulls of a name share. It runs while at least one pull is active. When all pulls have ended
 * it stops and keeps its bytes, and a later pull continues there.
 */
export class Download {
  readonly pullable: Pullable;
  readonly #clock: Clock;
  readonly #bytesPerSecond: number;
  #watchers = 0;
  #doneBytes = 0;
  #sinceMs = 0;

  constructor(pullable: Pullable, clock: Clock, bytesPerSecond: number) {
    this.pullable = pullable;
    this.#clock = clock;
    this.#bytesPerSecond = bytesPerSecond;
  }

  get totalBytes(): number {
    return this.pullable.model.sizeBytes;
  }

  get completedBytes(): number {
    const movedBytes =
      this.#watchers > 0 ? ((this.#clock.nowMs() - this.#sinceMs) / 1000) * this.#bytesPerSecond : 0;
    return Math.min(this.totalBytes, Math.floor(this.#doneBytes + movedBytes));
  }

  join(): void {
    if (this.#watchers++ === 0) this.#sinceMs = this.#clock.nowMs();
  }

  leave(): void {
    const done = this.completedBytes;
    if (--this.#watchers === 0) this.#doneBytes = done;
  }
}
