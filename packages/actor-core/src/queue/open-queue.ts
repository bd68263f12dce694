import type { Clock } from '../clock.ts';
import type { LogInfo } from '../storage/log/log-spec.ts';
import type { WorkQueue } from '../storage/work-queue/work-queue.ts';
import { FillGauge } from './fill-gauge.ts';
import type { QueueEntry, QueueRegistry } from './queue-registry.ts';

/** After this time a taker asks again which priorities other nodes have used. */
const relearnMs = 1_000;

/** What an open queue works with. */
export interface OpenQueueParts {
  readonly tenant: string;
  readonly token: string;
  readonly entry: QueueEntry;
  readonly work: WorkQueue;
  readonly registry: QueueRegistry;
  readonly clock: Clock;
  readonly limits: { readonly maxMessages: number; readonly maxBytes: number };
  readonly streamInfo: () => Promise<LogInfo>;
}

/** A queue that this node uses: its messages, how full it is, and which priorities have messages. */
export class OpenQueue {
  readonly tenant: string;
  readonly name: string;
  readonly work: WorkQueue;
  readonly gauge: FillGauge;
  readonly #parts: OpenQueueParts;
  /** Priorities that the registry knows. */
  readonly #noted: Set<number>;
  #learntAtMs: number;
  #users = 0;
  #isRetired = false;

  constructor(parts: OpenQueueParts) {
    const { tenant, entry, work, clock, limits, streamInfo } = parts;
    this.tenant = tenant;
    this.name = entry.queue;
    this.work = work;
    this.#parts = parts;
    this.#noted = new Set(entry.priorities);
    this.#learntAtMs = clock.now();
    this.gauge = new FillGauge(
      async () => {
        const [messages, { bytes }] = await Promise.all([work.size(), streamInfo()]);
        return { messages, bytes };
      },
      clock,
      limits,
    );
  }

  /** Whether an operation uses it now. */
  get isUsed(): boolean {
    return this.#users > 0;
  }

  /** Runs an operation. A queue that was retired meanwhile is closed after its last operation. */
  async use<T>(operation: () => Promise<T>): Promise<T> {
    this.#users++;
    try {
      return await operation();
    } finally {
      this.#users--;
      if (this.#isRetired && this.#users === 0) this.work.close();
    }
  }

  /** No operation begins any more. */
  retire(): void {
    this.#isRetired = true;
    if (this.#users === 0) this.work.close();
  }

  /** Has a consumer for the priority, and other nodes know that. @throws StoreUnavailableError */
  async usePriority(priority: number): Promise<void> {
    const { registry, tenant, token } = this.#parts;
    await this.work.usePriority(priority);
    if (this.#noted.has(priority)) return;
    await registry.addPriority(tenant, token, priority);
    this.#noted.add(priority);
  }

  /** Takes from the priorities that other nodes have used. Asks at most once a second. @throws StoreUnavailableError */
  async learnPriorities(): Promise<void> {
    const { registry, clock, tenant, token } = this.#parts;
    if (clock.now() - this.#learntAtMs < relearnMs) return;
    this.#learntAtMs = clock.now();
    const entry = await registry.find(tenant, token);
    for (const priority of entry?.priorities ?? []) {
      await this.work.usePriority(priority);
      this.#noted.add(priority);
    }
  }
}
