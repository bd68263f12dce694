import type { Clock } from '../clock.ts';
import { QueueLimitError, QueueNotEmptyError, StoreUnavailableError } from '../errors.ts';
import type { Logger } from '../logger.ts';
import type { Random } from '../random.ts';
import type { NodeStorage } from '../storage/node-storage.ts';
import type {
  DeadPage,
  Lease,
  LeasedTask,
  LeaseOutcome,
  QueueCounts,
} from '../storage/work-queue/work-queue.ts';
import { requireToken } from '../transport/subjects.ts';
import { LeaseBook } from './lease-book.ts';
import { leaseToken, readLeaseToken } from './lease-token.ts';
import type { OpenQueue } from './open-queue.ts';
import { OpenQueues } from './open-queues.ts';
import type { QueueEvent } from './queue-event.ts';
import { idToken, queueToken, textOfToken } from './queue-names.ts';
import {
  type FullQueueOptions,
  leaseBounds,
  maxDelayMs,
  maxMaxAttempts,
  maxPerCall,
  maxPriority,
  requireBetween,
} from './queue-options.ts';
import { type QueueEntry, QueueRegistry } from './queue-registry.ts';
import type {
  HeldLease,
  NewMessage,
  PutResult,
  QueueAddress,
  Queues,
  TakeMessages,
  TakenMessage,
} from './queues.ts';
import { redeliveryDelayMs } from './redelivery-delay.ts';

/** What `LogQueues` work with. */
export interface LogQueuesParts {
  readonly storage: NodeStorage;
  readonly cell: string;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Logger;
  readonly options: FullQueueOptions;
  /** Called when the queues are closed. */
  readonly onClose?: () => void;
}

const maxWaitMs = 3_600_000;

/** Queues in the work queues of the storage. */
export class LogQueues implements Queues {
  readonly #parts: LogQueuesParts;
  readonly #registry: QueueRegistry;
  readonly #open: OpenQueues;
  readonly #leases = new LeaseBook();
  readonly #listeners = new Set<(event: QueueEvent) => void>();

  constructor(parts: LogQueuesParts) {
    this.#parts = parts;
    const { storage, clock, random, cell } = parts;
    this.#registry = new QueueRegistry({ keyValue: storage.keyValue, clock, random, cell });
    this.#open = new OpenQueues({
      ...parts,
      registry: this.#registry,
      onDead: (at, { id, attempts, reason }) =>
        this.#tell({ ...at, type: 'dead', id: textOfToken(id), attempt: attempts, reason }),
    });
  }

  async put(at: QueueAddress, message: NewMessage): Promise<PutResult> {
    const { options, random } = this.#parts;
    const { body, id = random.id(), priority = 0, delayMs = 0, maxAttempts = options.maxAttempts } = message;
    const token = idToken(id);
    requireBetween('priority', priority, 0, maxPriority);
    requireBetween('delayMs', delayMs, 0, maxDelayMs);
    requireBetween('maxAttempts', maxAttempts, 1, maxMaxAttempts);
    if (body.length > options.maxBodyBytes) {
      const detail = `the body has ${body.length} bytes, ${options.maxBodyBytes} are allowed`;
      throw new QueueLimitError('message-too-large', at.queue, detail);
    }
    return this.#use(at, 'create', async (open) => {
      await this.#admit(open, body.length);
      const storagePriority = maxPriority - priority;
      await open.usePriority(storagePriority);
      const task = { id: token, body, priority: storagePriority, delayMs, maxAttempts };
      return { id, isDuplicate: (await open.work.put(task)) === 'duplicate' };
    });
  }

  async take(at: QueueAddress, options: TakeMessages = {}): Promise<readonly TakenMessage[]> {
    const { max = 1, waitMs = 0, leaseMs, signal } = options;
    requireBetween('max', max, 1, maxPerCall);
    requireBetween('waitMs', waitMs, 0, maxWaitMs);
    if (leaseMs !== undefined) requireBetween('leaseMs', leaseMs, leaseBounds.minMs, leaseBounds.maxMs);
    return this.#use(at, 'create', async (open) => {
      await open.learnPriorities();
      const secret = await this.#registry.secret();
      const wanted = {
        max,
        waitMs,
        ...(leaseMs === undefined ? {} : { leaseMs }),
        ...(signal === undefined ? {} : { signal }),
      };
      const tasks = await open.work.take(wanted);
      return tasks.map((task) => this.#delivered(open, task, secret));
    });
  }

  async ack(at: QueueAddress, held: HeldLease): Promise<LeaseOutcome> {
    return this.#settle(at, held, ({ work }, lease) => work.ack(lease));
  }

  async nack(
    at: QueueAddress,
    held: HeldLease,
    options: { readonly delayMs?: number; readonly reason?: string } = {},
  ): Promise<LeaseOutcome> {
    if (options.delayMs !== undefined) requireBetween('delayMs', options.delayMs, 0, maxDelayMs);
    return this.#settle(at, held, async ({ work }, lease) => {
      const backoffMs = redeliveryDelayMs(lease.attempt, this.#parts.options, this.#parts.random);
      const { delayMs = backoffMs, reason = 'given back by its taker' } = options;
      const outcome = await work.nack(lease, { delayMs, reason });
      if (outcome === 'lease-lost') return outcome;
      this.#leases.givenBack(leaseKey(lease), messageKey(at, held.id));
      this.#tell({ ...at, type: 'given-back', id: held.id, attempt: lease.attempt, delayMs, reason });
      return outcome;
    });
  }

  async release(at: QueueAddress, held: HeldLease): Promise<LeaseOutcome> {
    return this.#settle(at, held, async ({ work }, lease) => {
      const outcome = await work.release(lease);
      if (outcome === 'lease-lost') return outcome;
      this.#leases.givenBack(leaseKey(lease), messageKey(at, held.id));
      const reason = 'did not reach its taker';
      this.#tell({ ...at, type: 'given-back', id: held.id, attempt: lease.attempt, delayMs: 0, reason });
      return outcome;
    });
  }

  async extend(at: QueueAddress, held: HeldLease, leaseMs?: number): Promise<LeaseOutcome> {
    const { clock, options } = this.#parts;
    const wantedMs = leaseMs ?? options.leaseMs;
    requireBetween('leaseMs', wantedMs, leaseBounds.minMs, leaseBounds.maxMs);
    return this.#settle(at, held, async ({ work }, lease) => {
      // A shorter lease would end before its token says so.
      const lastingMs = Math.max(wantedMs, lease.expiresAtMs - clock.wallNow());
      const outcome = await work.extend(lease, lastingMs);
      if (outcome.kind === 'lease-lost') return 'lease-lost';
      const { expiresAtMs } = outcome.lease;
      await this.#registry.noteExtension(leaseKey(lease), expiresAtMs, lastingMs);
      this.#leases.lasts(leaseKey(lease), this.#monotonic(expiresAtMs));
      return 'settled';
    });
  }

  async cancel(at: QueueAddress, id: string): Promise<boolean> {
    const token = idToken(id);
    return this.#use(
      at,
      'find',
      async ({ work }) => (await work.cancel(token)) || (await work.discard(token)),
    );
  }

  async counts(at: QueueAddress): Promise<QueueCounts> {
    return this.#use(at, 'find', async (open) => {
      await open.learnPriorities();
      return open.work.counts();
    });
  }

  async dead(
    at: QueueAddress,
    { from = 1, limit = 100 }: { readonly from?: number; readonly limit?: number } = {},
  ): Promise<DeadPage> {
    requireBetween('from', from, 1, Number.MAX_SAFE_INTEGER);
    requireBetween('limit', limit, 1, maxPerCall);
    return this.#use(at, 'find', async ({ work }) => {
      const { tasks, next } = await work.dead({ from, limit });
      return { tasks: tasks.map((task) => ({ ...task, id: textOfToken(task.id) })), next };
    });
  }

  async replay(at: QueueAddress, ids?: readonly string[]): Promise<number> {
    if (ids !== undefined) requireBetween('ids.length', ids.length, 1, maxPerCall);
    const tokens = ids?.map(idToken);
    return this.#use(at, 'find', async (open) => {
      let replayed = 0;
      for await (const token of tokens ?? deadTokens(open)) {
        if (!(await open.work.replay(token))) continue;
        replayed++;
        this.#tell({ ...at, type: 'replayed', id: textOfToken(token), attempt: 0 });
      }
      return replayed;
    });
  }

  async list(tenant: string): Promise<readonly QueueEntry[]> {
    return this.#registry.list(requireToken('tenant', tenant));
  }

  async remove(
    at: QueueAddress,
    { discardsMessages = false }: { readonly discardsMessages?: boolean } = {},
  ): Promise<void> {
    await this.#use(at, 'find', async (open) => {
      const messages = discardsMessages ? 0 : await open.work.size();
      if (messages > 0) throw new QueueNotEmptyError(at.queue, messages);
      await this.#registry.remove(at.tenant, queueToken(at.queue));
      this.#open.retire(at, open);
      await this.#parts.storage.queues.remove(this.#open.specOf(at), { keepsTasks: !discardsMessages });
    });
  }

  onEvent(listener: (event: QueueEvent) => void): () => void {
    this.#listeners.add(listener);
    return () => void this.#listeners.delete(listener);
  }

  close(): void {
    this.#parts.onClose?.();
    this.#open.close();
  }

  /** Runs an operation on an open queue. One that fails is opened again the next time: it may have been replaced. */
  async #use<T>(
    at: QueueAddress,
    otherwise: 'create' | 'find',
    operation: (open: OpenQueue) => Promise<T>,
  ): Promise<T> {
    const open = await this.#open.open(at, otherwise);
    try {
      return await open.use(() => operation(open));
    } catch (error) {
      if (error instanceof StoreUnavailableError) {
        this.#open.retire(at, open);
        this.#registry.forget();
      }
      throw error;
    }
  }

  async #admit(open: OpenQueue, bytes: number): Promise<void> {
    const full = await open.gauge.admit(bytes);
    if (full === undefined) return;
    const { maxMessages, maxBytes } = this.#parts.options;
    const detail =
      full === 'messages'
        ? `queue ${open.name} holds ${maxMessages} messages, dead ones included, as many as it may`
        : `the queues of this class of tenants hold ${maxBytes} bytes, as many as they may`;
    throw new QueueLimitError('queue-full', open.name, detail);
  }

  #delivered(open: OpenQueue, task: LeasedTask, secret: string): TakenMessage {
    const { attempt, body, lease } = task;
    const { tenant, name: queue } = open;
    const id = textOfToken(task.id);
    if (attempt > 1) {
      const wasGivenBack = this.#leases.wasGivenBack(messageKey({ tenant, queue }, id));
      const cause = wasGivenBack ? 'given-back' : 'not-acknowledged';
      this.#tell({ tenant, queue, type: 'redelivered', id, attempt, cause });
    }
    this.#leases.lasts(leaseKey(lease), this.#monotonic(lease.expiresAtMs));
    const token = leaseToken(secret, { tenant, queue, id }, lease);
    const { expiresAtMs } = lease;
    return { id, body, attempt, priority: maxPriority - task.priority, lease: token, expiresAtMs };
  }

  /** Settles a lease that was signed for this message. The work queue below refuses one that is over. */
  async #settle(
    at: QueueAddress,
    held: HeldLease,
    act: (open: OpenQueue, lease: Lease) => Promise<LeaseOutcome>,
  ): Promise<LeaseOutcome> {
    const token = idToken(held.id);
    const subject = { ...at, id: held.id };
    const signed =
      readLeaseToken(await this.#registry.secret(), subject, held.lease) ??
      // The store may have been replaced, and another node may have made a new secret.
      readLeaseToken(await this.#registry.newestSecret(), subject, held.lease);
    if (signed === undefined) return 'lease-lost';
    // Its end by the wall clock only now: the clock may be set back while the queue is opened.
    return this.#use(at, 'find', async (open) =>
      act(open, { ...signed, id: token, expiresAtMs: await this.#endOf(signed) }),
    );
  }

  /**
   * Until when a lease lasts, by the wall clock. This node knows its own leases; one of another node is looked up where
   * it is over by its token, because it may have been extended.
   */
  async #endOf(lease: Lease): Promise<number> {
    const { clock } = this.#parts;
    const knownMs = this.#leases.untilMs(leaseKey(lease));
    if (knownMs === 0) return 0;
    if (knownMs !== undefined && knownMs > clock.now()) return clock.wallNow() + knownMs - clock.now();
    const untilMs = knownMs === undefined ? lease.expiresAtMs : 0;
    if (untilMs > clock.wallNow()) return untilMs;
    return (await this.#registry.extension(leaseKey(lease))) ?? untilMs;
  }

  #monotonic(wallMs: number): number {
    const { clock } = this.#parts;
    return clock.now() + wallMs - clock.wallNow();
  }

  #tell(event: QueueEvent): void {
    for (const listener of this.#listeners) {
      try {
        listener(event);
      } catch (error) {
        this.#parts.log.error({ err: error, event: event.type }, 'a listener of queues failed');
      }
    }
  }
}

/** The dead messages of now: one that is replayed and dies again is not met a second time. */
async function* deadTokens({ work }: OpenQueue): AsyncGenerator<string> {
  let left = (await work.counts()).dead;
  for (let from: number | undefined = 1; from !== undefined && left > 0; ) {
    const page: DeadPage = await work.dead({ from, limit: Math.min(left, maxPerCall) });
    left -= page.tasks.length;
    for (const { id } of page.tasks) yield id;
    from = page.next;
  }
}

function keyOf({ tenant, queue }: QueueAddress): string {
  return `${tenant} ${queue}`;
}

/** Tells the leases of one message apart. */
function leaseKey({ attempt, token }: Lease): string {
  return `${attempt} ${token}`;
}

function messageKey(at: QueueAddress, id: string): string {
  return `${keyOf(at)} ${id}`;
}
