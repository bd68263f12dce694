import type { Clock, Timer } from '../clock.ts';
import type { Logger } from '../logger.ts';
import { keySubject } from '../storage/key-value/bucket-spec.ts';
import { putRecord } from '../storage/key-value/key-record.ts';
import type { NodeStorage } from '../storage/node-storage.ts';
import type { MoveRules } from './decide-move.ts';
import type { LargeValues } from './large-values.ts';
import type { MemoryBucket } from './memory-bucket.ts';
import { ValueMover } from './move-values.ts';
import { BlobReclaim } from './reclaim-blobs.ts';

/** What `MemoryUpkeep` works with. */
export interface MemoryUpkeepOptions {
  readonly bucket: MemoryBucket;
  readonly large: LargeValues;
  readonly storage: NodeStorage;
  readonly clock: Clock;
  readonly log: Logger;
  readonly node: string;
  /** Time between two rounds. */
  readonly everyMs: number;
  /** Undefined: values are not moved by their age. */
  readonly moves: MoveRules | undefined;
}

const turnKey = '_.upkeep';

/**
 * Moves old values of a bucket into blobs and removes orphaned blobs, in rounds. The nodes take turns: who holds the
 * record of the turn works, and loses it after two rounds without a sign of life. The record only saves work. Two nodes
 * that work at once do no harm, because every step is a compare-and-set.
 */
export class MemoryUpkeep {
  readonly #options: MemoryUpkeepOptions;
  readonly #mover: ValueMover | undefined;
  readonly #reclaim: BlobReclaim;
  readonly #stop = new AbortController();
  #timer: Timer | undefined;
  moved = 0;
  reclaimed = 0;

  constructor(options: MemoryUpkeepOptions) {
    this.#options = options;
    const { bucket, large, storage, clock, moves } = options;
    this.#mover = moves === undefined ? undefined : new ValueMover({ bucket, large, storage, clock }, moves);
    this.#reclaim = new BlobReclaim(bucket);
    this.#schedule();
  }

  close(): void {
    this.#stop.abort();
    this.#timer?.cancel();
  }

  #schedule(): void {
    const { clock, everyMs } = this.#options;
    this.#timer = clock.setTimer(everyMs, () => void this.#round());
  }

  async #round(): Promise<void> {
    const { bucket, large, log } = this.#options;
    try {
      if (bucket.isOpen && (await this.#takeTurn())) {
        this.moved += (await this.#mover?.run(this.#stop.signal)) ?? 0;
        this.reclaimed += await this.#reclaim.run(await large.blobs(), this.#stop.signal);
      }
    } catch (error) {
      if (!this.#stop.signal.aborted)
        log.debug({ bucket: bucket.name, err: error }, 'the upkeep of a memory bucket failed; trying later');
    }
    if (!this.#stop.signal.aborted) this.#schedule();
  }

  /** Whether it is this node's turn. @throws StoreUnavailableError */
  async #takeTurn(): Promise<boolean> {
    const { bucket, storage, node, everyMs } = this.#options;
    const present = await bucket.read(turnKey);
    const holder = new TextDecoder().decode(present.value);
    if (present.kind === 'value' && holder !== node) return false;
    const record = putRecord(bucket.name, turnKey, new TextEncoder().encode(node), 2 * everyMs);
    const expect = { subject: keySubject(bucket.name, turnKey), sequence: present.sequence };
    return (await storage.writer.write(bucket.logName, record, expect)).kind === 'written';
  }
}
