import { statfs } from 'node:fs/promises';

/** Free and total bytes of a disk. */
export interface DiskSpace {
  readonly freeBytes: number;
  readonly totalBytes: number;
}

/** What a `FullDiskWatch` works with. */
export interface FullDiskWatchOptions {
  /** Reads the space of the disk with the store. */
  readonly space: () => Promise<DiskSpace>;
  /** Restarts nats-server. Resolves when all servers are ready again. */
  readonly restart: () => Promise<void>;
  /** Told once when the disk is full, with the log line that shows it. */
  readonly onFull: (line: string) => void;
  /** Told before a restart. */
  readonly onRoom: (space: DiskSpace) => void;
}

const checkMs = 1_000;
/** Shortest time between two restarts, for a disk on which something else takes the room again at once. */
const pauseMs = 10_000;
/** Room that is enough for a restart: this, or on a small disk a share of it. */
const roomBytes = 64 * 1024 * 1024;
const roomShare = 8;
const fullLine = /no space left on device|disk quota exceeded|not enough space on the disk/i;

/** Whether a log line of nats-server shows that it could not write because its disk is full. */
export function showsFullDisk(line: string): boolean {
  return fullLine.test(line);
}

/** Whether a disk has room enough for nats-server to go on. */
export function hasRoom({ freeBytes, totalBytes }: DiskSpace): boolean {
  return freeBytes >= Math.min(roomBytes, totalBytes / roomShare);
}

/** Space of the disk with a folder. */
export async function diskSpaceOf(folder: string): Promise<DiskSpace> {
  const { bavail, bsize, blocks } = await statfs(folder);
  return { freeBytes: bavail * bsize, totalBytes: blocks * bsize };
}

/**
 * Restarts nats-server after its disk was full. nats-server 2.15.1 confirms no write to a stream after the first one
 * that failed, even when there is room again, until it is restarted (measured). The watch reads the log of nats-server,
 * waits for room, and then restarts.
 */
export class FullDiskWatch {
  readonly #options: FullDiskWatchOptions;
  #isFull = false;
  #isRestarting = false;
  #isClosed = false;
  #notBeforeMs = 0;
  #timer: NodeJS.Timeout | undefined = undefined;

  constructor(options: FullDiskWatchOptions) {
    this.#options = options;
  }

  /** Takes a log line of nats-server. */
  note(line: string): void {
    // What a server writes while it stops belongs to the fault that is being mended.
    if (this.#isClosed || this.#isFull || this.#isRestarting || !showsFullDisk(line)) return;
    this.#isFull = true;
    this.#options.onFull(line);
    this.#timer = setInterval(() => void this.#check(), checkMs);
    this.#timer.unref();
  }

  /** Restarts nothing any more. */
  close(): void {
    this.#isClosed = true;
    clearInterval(this.#timer);
  }

  async #check(): Promise<void> {
    if (this.#isRestarting || performance.now() < this.#notBeforeMs) return;
    this.#isRestarting = true;
    try {
      const space = await this.#options.space();
      if (this.#isClosed || !hasRoom(space)) return;
      clearInterval(this.#timer);
      this.#isFull = false;
      this.#options.onRoom(space);
      await this.#options.restart();
      this.#notBeforeMs = performance.now() + pauseMs;
    } catch {
      // The space cannot be read: the next check tries again.
    } finally {
      this.#isRestarting = false;
    }
  }
}
