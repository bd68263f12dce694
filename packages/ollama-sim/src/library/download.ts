import type { Clock } from '../clock.ts';
import type { Pullable } from '../config.ts';
import type { SimDisk } from '../model/sim-disk.ts';

/** Interval of progress reports. */
export const PROGRESS_MS = 60;

/**
 * One download, which all pulls of a name share. It runs while at least one pull is active. When all pulls have ended
 * it stops and keeps its bytes on the disk, and a later pull continues there.
 */
export class Download {
  readonly pullable: Pullable;
  readonly #name: string;
  readonly #disk: SimDisk;
  readonly #clock: Clock;
  readonly #bytesPerSecond: number;
  #watchers = 0;
  #sinceMs = 0;

  constructor(name: string, pullable: Pullable, disk: SimDisk, clock: Clock, bytesPerSecond: number) {
    this.#name = name;
    this.pullable = pullable;
    this.#disk = disk;
    this.#clock = clock;
    this.#bytesPerSecond = bytesPerSecond;
  }

  get totalBytes(): number {
    return this.pullable.model.sizeBytes;
  }

  get isRunning(): boolean {
    return this.#watchers > 0;
  }

  /** Bytes on the disk. */
  get completedBytes(): number {
    return this.#disk.state.partialBytes[this.#name] ?? 0;
  }

  join(): void {
    if (this.#watchers++ > 0) return;
    this.#sinceMs = this.#clock.nowMs();
    if (this.completedBytes === 0) this.#disk.state.layerStarts += 1;
  }

  leave(): void {
    this.advance();
    this.#watchers -= 1;
  }

  /** Writes to the disk what has arrived meanwhile. */
  advance(): void {
    if (this.#watchers === 0) return;
    const nowMs = this.#clock.nowMs();
    const before = this.completedBytes;
    const movedBytes = ((nowMs - this.#sinceMs) / 1000) * this.#bytesPerSecond;
    const after = Math.min(this.totalBytes, Math.floor(before + movedBytes));
    this.#sinceMs = nowMs;
    const { state } = this.#disk;
    state.partialBytes[this.#name] = after;
    state.pulledBytes += after - before;
    this.#disk.save();
  }

  /** The layer is complete: its file has its final name. */
  finish(): void {
    const { state } = this.#disk;
    state.partialBytes = Object.fromEntries(
      Object.entries(state.partialBytes).filter(([name]) => name !== this.#name),
    );
    this.#disk.save();
  }
}
