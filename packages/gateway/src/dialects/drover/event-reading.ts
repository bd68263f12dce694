import type { Clock, Timer } from '@drover/actor-core';
import { type EventFeed, type EventReader, type FleetEvent, isFor } from '@drover/fleet';
import { RequestFailure } from '../../errors.ts';
import type { EventQuery } from './event-query.ts';

/** An event as a client gets it. */
export type ShownEvent = FleetEvent & { readonly sequence?: number };

/** What a reader gets at once. */
export interface ReadEvents {
  readonly events: readonly ShownEvent[];
  /** Stored events up to this one were removed before they were read. */
  readonly lostUpTo?: number;
}

/** Events that are not stored and wait for a slow reader; the oldest go first. */
const maxLive = 256;
const retryMs = 1_000;
const retryAfterMs = 2_000;

export interface EventReadingOptions {
  readonly feed: EventFeed;
  readonly clock: Clock;
  readonly after: number;
  readonly query: Pick<EventQuery, 'filter' | 'follows'>;
  readonly reader: EventReader;
}

/** The sequence after which a client begins. @throws RequestFailure 503; StoreUnavailableError */
export async function startOf(feed: EventFeed, { after, sinceMs }: EventQuery): Promise<number> {
  if (!feed.isOpen)
    throw new RequestFailure(
      503,
      'store-unavailable',
      'this gateway has not found the stream of events yet',
      {
        retryAfterMs,
      },
    );
  if (after !== undefined) return after;
  return sinceMs === undefined ? feed.newest : feed.before(sinceMs);
}

/**
 * The events for one reader, read as they are asked for: stored ones from the stream, in order and each once; others as
 * far as they were heard since and the reader kept up. While the store does not answer it waits and reads on.
 */
export class EventReading implements AsyncIterable<ReadEvents> {
  readonly #options: EventReadingOptions;
  #after: number;
  #live: FleetEvent[] = [];
  #hasEnded = false;
  #wake: (() => void) | undefined;
  #timer: Timer | undefined;
  /** Something was stored since the last read. */
  #isBehind = true;
  readonly #ends: (() => void)[];

  constructor(options: EventReadingOptions) {
    this.#options = options;
    this.#after = options.after;
    const { feed, query, reader } = options;
    this.#ends = query.follows
      ? [
          feed.onStored(() => {
            this.#isBehind = true;
            this.#wake?.();
          }),
          feed.onLive((event) => {
            if (!isFor(event, reader, query.filter)) return;
            this.#live.push(event);
            if (this.#live.length > maxLive) this.#live.shift();
            this.#wake?.();
          }),
        ]
      : [];
  }

  end(): void {
    this.#hasEnded = true;
    for (const end of this.#ends) end();
    this.#timer?.cancel();
    this.#wake?.();
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<ReadEvents, void, void> {
    while (!this.#hasEnded) {
      const stored = this.#isBehind ? await this.#read() : undefined;
      const live = this.#live;
      this.#live = [];
      if (stored !== undefined || live.length > 0)
        yield {
          ...stored,
          events: [...(stored?.events ?? []), ...live],
        };
      if (this.#isBehind || this.#live.length > 0) continue;
      if (!this.#options.query.follows) return;
      await this.#pause();
    }
  }

  async #read(): Promise<ReadEvents | undefined> {
    const { feed, query, reader } = this.#options;
    this.#isBehind = false;
    try {
      const { events, through, isEnd, lostUpTo } = await feed.read(this.#after);
      this.#after = through;
      if (!isEnd) this.#isBehind = true;
      const own = events
        .filter(({ event }) => isFor(event, reader, query.filter))
        .map(({ sequence, event }): ShownEvent => ({ sequence, ...event }));
      return { events: own, ...(lostUpTo !== undefined && { lostUpTo }) };
    } catch (error) {
      if (!query.follows) throw error;
      await this.#pause(retryMs);
      this.#isBehind = true;
      return undefined;
    }
  }

  async #pause(ms?: number): Promise<void> {
    if (this.#hasEnded) return;
    const { clock } = this.#options;
    await new Promise<void>((resolve) => {
      this.#wake = resolve;
      if (ms !== undefined) this.#timer = clock.setTimer(ms, resolve);
    });
    this.#timer?.cancel();
    this.#wake = undefined;
  }
}
