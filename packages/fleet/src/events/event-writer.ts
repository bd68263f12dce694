import { eventLog, type LocalNode } from '@drover/actor-core/cluster';
import { encodeEvent, type FleetEvent } from './event.ts';

/** Events that wait for the store; with more the oldest is dropped. */
const maxWaiting = 1_000;
const retryMs = 1_000;
/** Time that the end waits for events that are not stored yet. */
const flushMs = 2_000;

export type WriterNode = Pick<LocalNode, 'nodeId' | 'storage' | 'subjects' | 'clock' | 'log'>;

/**
 * Stores events one after the other, and repeats each until it is stored: its id keeps the stream from taking it twice.
 * While the store is away events wait, a bounded number of them.
 */
export class EventWriter {
  readonly #node: WriterNode;
  readonly #waiting: FleetEvent[] = [];
  #running: Promise<void> | undefined;
  #hasEnded = false;
  #wake: (() => void) | undefined;
  /** Events that were dropped because too many waited. */
  dropped = 0;
  stored = 0;

  constructor(node: WriterNode) {
    this.#node = node;
  }

  get waiting(): number {
    return this.#waiting.length;
  }

  put(event: FleetEvent): void {
    if (this.#hasEnded) return;
    this.#waiting.push(event);
    if (this.#waiting.length > maxWaiting) {
      this.#waiting.shift();
      this.dropped += 1;
    }
    this.#running ??= this.#run();
  }

  /** Waits for the events that are left, at most two seconds. */
  async close(): Promise<void> {
    this.#hasEnded = true;
    this.#wake?.();
    const { clock } = this.#node;
    const over = Promise.withResolvers<void>();
    const timer = clock.setTimer(flushMs, () => over.resolve());
    await Promise.race([this.#running, over.promise]);
    timer.cancel();
    this.#waiting.length = 0;
  }

  async #run(): Promise<void> {
    for (let event = this.#waiting[0]; event !== undefined; event = this.#waiting[0]) {
      const isStored = await this.#store(event);
      // The first one may have been dropped meanwhile.
      if (isStored && this.#waiting[0] === event) this.#waiting.shift();
      if (!isStored && this.#hasEnded) break;
      if (!isStored) await this.#pause();
    }
    this.#running = undefined;
  }

  async #store(event: FleetEvent): Promise<boolean> {
    const { nodeId, storage, subjects, log } = this.#node;
    const subject = subjects.event(event.source, nodeId);
    try {
      const record = { subject, payload: encodeEvent(event), messageId: event.id };
      await storage.writer.write(eventLog(subjects.cell), record);
      this.stored += 1;
      return true;
    } catch (err) {
      log.debug({ err, event: event.id }, 'an event cannot be stored yet');
      return false;
    }
  }

  #pause(): Promise<void> {
    return new Promise((resolve) => {
      const timer = this.#node.clock.setTimer(retryMs, resolve);
      this.#wake = () => {
        timer.cancel();
        resolve();
      };
    });
  }
}
