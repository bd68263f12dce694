import type { Clock } from '../clock.ts';
import { QueueNotFoundError } from '../errors.ts';
import type { NodeStorage } from '../storage/node-storage.ts';
import type { QueueSpec } from '../storage/work-queue/queue-spec.ts';
import type { TaskDeath } from '../storage/work-queue/work-queue.ts';
import { requireToken } from '../transport/subjects.ts';
import { OpenQueue } from './open-queue.ts';
import { queueToken, textOfToken } from './queue-names.ts';
import { type FullQueueOptions, maxPriority } from './queue-options.ts';
import type { QueueRegistry } from './queue-registry.ts';
import { streamOf } from './queue-streams.ts';
import type { QueueAddress } from './queues.ts';

/** What `OpenQueues` work with. */
export interface OpenQueuesParts {
  readonly storage: NodeStorage;
  readonly registry: QueueRegistry;
  readonly cell: string;
  readonly clock: Clock;
  readonly options: FullQueueOptions;
  readonly onDead: (at: QueueAddress, death: TaskDeath) => void;
}

/** Queues that a node keeps open at once at most; of more, those are closed that were used least recently. */
const maxOpen = 1_000;

/** The queues that this node uses. */
export class OpenQueues {
  readonly #parts: OpenQueuesParts;
  /** The last one was used most recently. */
  readonly #open = new Map<string, Promise<OpenQueue>>();
  #isClosed = false;

  constructor(parts: OpenQueuesParts) {
    this.#parts = parts;
  }

  /** An open queue. `create`: where there is none, it is made. @throws QueueNotFoundError; QueueLimitError */
  async open(at: QueueAddress, otherwise: 'create' | 'find'): Promise<OpenQueue> {
    requireToken('tenant', at.tenant);
    const token = queueToken(at.queue);
    const key = keyOf(at);
    const known = this.#open.get(key);
    this.#open.delete(key);
    const opening = known ?? this.#make(at.tenant, token, otherwise);
    this.#open.set(key, opening);
    try {
      const open = await opening;
      if (known === undefined) await this.#closeUnused();
      return open;
    } catch (error) {
      if (this.#open.get(key) === opening) this.#open.delete(key);
      throw error;
    }
  }

  /** Forgets an open queue. It is closed when its last operation ends. */
  retire(at: QueueAddress, open: OpenQueue): void {
    const key = keyOf(at);
    open.retire();
    const opening = this.#open.get(key);
    opening?.then(
      (known) => known === open && this.#open.get(key) === opening && this.#open.delete(key),
      () => undefined,
    );
  }

  /** How the queue is stored. */
  specOf({ tenant, queue }: QueueAddress): QueueSpec {
    const { cell, options } = this.#parts;
    const { name, prefix, feed } = streamOf(cell, options.classOf(tenant));
    const { leaseMs, maxAttempts } = options;
    const token = queueToken(queue);
    return {
      name: `${tenant}_Q_${token}`,
      prefix: `${prefix}.${tenant}.${token}`,
      feed,
      sharedLog: { name, prefix },
      priorities: maxPriority + 1,
      isLazy: true,
      opensLog: true,
      leaseMs,
      maxAttempts,
    };
  }

  /** Ends the waits of all takers. */
  close(): void {
    this.#isClosed = true;
    for (const opening of this.#open.values())
      opening.then(
        (open) => open.work.close(),
        () => undefined,
      );
    this.#open.clear();
  }

  async #make(tenant: string, token: string, otherwise: 'create' | 'find'): Promise<OpenQueue> {
    const { storage, registry, clock, options, cell, onDead } = this.#parts;
    const queue = textOfToken(token);
    const entry =
      otherwise === 'create'
        ? await registry.ensure(tenant, token, options.maxQueues)
        : await registry.find(tenant, token);
    if (entry === undefined) throw new QueueNotFoundError(queue);
    const work = await storage.queues.ensure(this.specOf({ tenant, queue }));
    const { name } = streamOf(cell, options.classOf(tenant));
    const streamInfo = () => storage.log.info(name);
    const open = new OpenQueue({ tenant, token, entry, work, registry, clock, limits: options, streamInfo });
    for (const priority of entry.priorities) await work.usePriority(priority);
    work.onDead((death) => onDead({ tenant, queue }, death));
    if (this.#isClosed) work.close();
    return open;
  }

  async #closeUnused(): Promise<void> {
    for (const [key, opening] of this.#open) {
      if (this.#open.size <= maxOpen) return;
      const open = await opening.catch(() => undefined);
      if (open?.isUsed === true) continue;
      this.#open.delete(key);
      open?.retire();
    }
  }
}

function keyOf({ tenant, queue }: QueueAddress): string {
  return `${tenant} ${queue}`;
}
