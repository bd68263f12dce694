import { createPubSub, eventLog, type LocalNode } from '@drover/actor-core/cluster';
import { type LogWatch, watchLog } from '@drover/actor-core/durable';
import { eventOfRecord, mayPublish } from './believe-event.ts';
import { decodeEvent, type FleetEvent } from './event.ts';
import { EventRing } from './event-ring.ts';
import { liveEvents } from './event-topics.ts';
import { eventTypes } from './event-types.ts';

/** A stored event and its position, which only grows. */
export interface StoredEvent {
  readonly sequence: number;
  readonly event: FleetEvent;
}

/** Events in order. */
export interface EventPage {
  readonly events: readonly StoredEvent[];
  /** Everything up to and with this sequence was looked at. */
  readonly through: number;
  /** There is nothing after it yet. */
  readonly isEnd: boolean;
  /** Events before this one were removed, though they were asked for: the retention is over, or the stream is new. */
  readonly lostUpTo?: number;
}

/** The events of the cluster, as a node reads them that may use the store. */
export interface EventFeed {
  /** The stream was found. */
  readonly isOpen: boolean;
  /** The newest stored event, as far as it was heard; 0 before the stream was found. */
  readonly newest: number;
  /** Stored events after a sequence, at most 256. @throws StoreUnavailableError */
  read(after: number): Promise<EventPage>;
  /** The sequence before the first event that was stored at or after that instant. @throws StoreUnavailableError */
  before(wallMs: number): Promise<number>;
  /** Calls the listener whenever events were stored. Returns the unsubscriber. */
  onStored(listener: () => void): () => void;
  /** Calls the listener with each event that is not stored. Returns the unsubscriber. */
  onLive(listener: (event: FleetEvent) => void): () => void;
  close(): void;
}

/** Events that a feed keeps in memory, so that readers that are nearly up to date do not ask the store. */
const ringSize = 2_048;
const pageSize = 256;
const retryMs = 1_000;

/** Follows the events of the cluster until `close`. */
export function followEvents(node: LocalNode): EventFeed {
  const feed = new Following(node);
  feed.open();
  return feed;
}

class Following implements EventFeed {
  readonly #node: LocalNode;
  readonly #name: string;
  readonly #ring = new EventRing(ringSize);
  readonly #storedListeners = new Set<() => void>();
  readonly #liveListeners = new Set<(event: FleetEvent) => void>();
  readonly #leave: () => void;
  #watch: LogWatch | undefined;
  #timer: { cancel(): void } | undefined;
  #hasEnded = false;

  constructor(node: LocalNode) {
    this.#node = node;
    this.#name = eventLog(node.subjects.cell);
    this.#leave = createPubSub(node).subscribe(liveEvents, (bytes, { from }) => this.#hear(bytes, from));
  }

  open(): void {
    this.#begin().catch((err: unknown) => {
      const { clock, log } = this.#node;
      log.debug({ err }, 'the stream of events cannot be read yet');
      if (!this.#hasEnded) this.#timer = clock.setTimer(retryMs, () => this.open());
    });
  }

  get isOpen(): boolean {
    return this.#watch !== undefined;
  }

  get newest(): number {
    return this.#watch === undefined ? 0 : this.#watch.next - 1;
  }

  async read(after: number): Promise<EventPage> {
    const known = this.#ring.after(after, pageSize);
    if (known !== undefined) return { ...known, isEnd: known.through >= this.newest };
    const { log } = this.#node.storage;
    const { firstSequence, lastSequence } = await log.info(this.#name);
    // The stream was made anew, or the caller has read what does not exist.
    const from = after > lastSequence ? firstSequence : Math.max(after + 1, firstSequence);
    const page = await log.readForward(this.#name, { from, limit: pageSize });
    const isLost = from !== after + 1;
    return {
      events: page.records.flatMap((record) => {
        const event = eventOfRecord(record, this.#node);
        return event === undefined ? [] : [{ sequence: record.sequence, event }];
      }),
      through: page.next - 1,
      isEnd: page.isEnd,
      ...(isLost && { lostUpTo: from - 1 }),
    };
  }

  async before(wallMs: number): Promise<number> {
    const { log } = this.#node.storage;
    const { firstSequence, lastSequence } = await log.info(this.#name);
    let low = firstSequence;
    let high = lastSequence + 1;
    // Sequences are issued in the order of acceptance, so half of what is left is looked at each time.
    while (low < high) {
      const middle = Math.floor((low + high) / 2);
      const { records } = await log.readForward(this.#name, { from: middle, limit: 1 });
      const [record] = records;
      if (record === undefined || record.acceptedAtMs >= wallMs) high = middle;
      else low = record.sequence + 1;
    }
    return low - 1;
  }

  onStored(listener: () => void): () => void {
    this.#storedListeners.add(listener);
    return () => void this.#storedListeners.delete(listener);
  }

  onLive(listener: (event: FleetEvent) => void): () => void {
    this.#liveListeners.add(listener);
    return () => void this.#liveListeners.delete(listener);
  }

  close(): void {
    this.#hasEnded = true;
    this.#timer?.cancel();
    this.#watch?.close();
    this.#leave();
    this.#storedListeners.clear();
    this.#liveListeners.clear();
  }

  async #begin(): Promise<void> {
    const { storage, clock } = this.#node;
    const { firstSequence, lastSequence } = await storage.log.info(this.#name);
    const from = Math.max(firstSequence, lastSequence + 1 - ringSize);
    const watch = await watchLog({
      log: storage.log,
      name: this.#name,
      clock,
      from,
      onRecord: (record) => {
        this.#ring.add(record.sequence, eventOfRecord(record, this.#node));
        for (const listener of this.#storedListeners) listener();
      },
      onReset: () => this.#ring.clear(),
    });
    if (this.#hasEnded) watch.close();
    else this.#watch = watch;
  }

  #hear(bytes: Uint8Array, from: string): void {
    const event = decodeEvent(bytes);
    if (event === undefined || event.source !== from || eventTypes[event.type].isDurable) return;
    if (!mayPublish(event, this.#node)) return;
    for (const listener of this.#liveListeners) listener(event);
  }
}
