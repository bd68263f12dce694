import type { Clock } from '@drover/actor-core';
import { defaultTenant, QueueNotFoundError, type Queues } from '@drover/actor-core/cluster';
import type { QueueCounts } from '@drover/actor-core/durable';
import { Gauge, type Registry } from 'prom-client';

/** Queues with labels of their own, by name; further ones are left out. */
const maxQueues = 64;
/** Scrapes that follow each other more closely are answered from the same counts. */
const freshMs = 5_000;
/** A scrape does not wait longer for the store. The counts that arrive later are for the next one. */
const patienceMs = 1_000;

/** What is asked for at a scrape. */
interface Counted {
  readonly queue: string;
  readonly counts: QueueCounts;
}

/**
 * Gauges of what waits in the queues of the default tenant. The store is asked at a scrape, at most every 5 s. While it
 * does not answer, the queues have no samples: old counts would hide that.
 */
export function registerQueueGauges(
  registry: Registry,
  queues: Pick<Queues, 'list' | 'counts'>,
  clock: Clock,
): void {
  const reader = new CountReader(queues, clock);
  const gauge = (name: string, help: string, read: (counts: QueueCounts) => number): void => {
    registry.registerMetric(
      new Gauge({
        name: `drover_queue_${name}`,
        help,
        labelNames: ['queue'],
        registers: [],
        async collect(): Promise<void> {
          const counted = await reader.read();
          this.reset();
          for (const { queue, counts } of counted) this.set({ queue }, read(counts));
        },
      }),
    );
  };
  gauge('depth', 'Messages that can be taken.', ({ depth }) => depth);
  gauge('in_flight', 'Messages that are leased.', ({ inFlight }) => inFlight);
  gauge('delayed', 'Messages that wait for their instant.', ({ delayed }) => delayed);
  gauge('dead', 'Messages that are delivered no more.', ({ dead }) => dead);
  gauge('oldest_age_seconds', 'Age of the message that has waited longest.', ({ oldestAtMs }) =>
    oldestAtMs === undefined ? 0 : Math.max(0, clock.wallNow() - oldestAtMs) / 1_000,
  );
}

class CountReader {
  readonly #queues: Pick<Queues, 'list' | 'counts'>;
  readonly #clock: Clock;
  #last: readonly Counted[] = [];
  #lastAtMs = Number.NEGATIVE_INFINITY;
  #reading: Promise<void> | undefined = undefined;

  constructor(queues: Pick<Queues, 'list' | 'counts'>, clock: Clock) {
    this.#queues = queues;
    this.#clock = clock;
  }

  async read(): Promise<readonly Counted[]> {
    if (this.#isFresh()) return this.#last;
    this.#reading ??= this.#ask().finally(() => {
      this.#reading = undefined;
    });
    const { promise, resolve } = Promise.withResolvers<void>();
    const timer = this.#clock.setTimer(patienceMs, resolve);
    await Promise.race([this.#reading, promise]);
    timer.cancel();
    return this.#isFresh() ? this.#last : [];
  }

  #isFresh(): boolean {
    return this.#clock.now() - this.#lastAtMs < freshMs;
  }

  /** Never rejects: a store that does not answer leaves no counts. */
  async #ask(): Promise<void> {
    try {
      const entries = await this.#queues.list(defaultTenant);
      const names = entries.map(({ queue }) => queue).slice(0, maxQueues);
      const counted = await Promise.all(names.map((queue) => this.#count(queue)));
      this.#last = counted.filter((one) => one !== undefined);
      this.#lastAtMs = this.#clock.now();
    } catch {
      this.#last = [];
    }
  }

  /** Undefined for a queue that was removed meanwhile. */
  async #count(queue: string): Promise<Counted | undefined> {
    try {
      return { queue, counts: await this.#queues.counts({ tenant: defaultTenant, queue }) };
    } catch (error) {
      if (error instanceof QueueNotFoundError) return undefined;
      throw error;
    }
  }
}
