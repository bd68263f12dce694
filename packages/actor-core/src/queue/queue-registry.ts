import type { Clock } from '../clock.ts';
import { QueueLimitError, StoreUnavailableError } from '../errors.ts';
import type { Random } from '../random.ts';
import type { Bucket, KeyEntry, KeyValue } from '../storage/key-value/key-value.ts';
import { ContentHash } from '../storage/blob/content-hash.ts';
import { queueBucket } from '../transport/subjects.ts';
import { textOfToken } from './queue-names.ts';

/** A queue that exists. */
export interface QueueEntry {
  readonly queue: string;
  readonly createdAtMs: number;
  /** Priorities that were used, in the storage's numbers: 0 is first. */
  readonly priorities: readonly number[];
}

/** What a registry works with. */
export interface QueueRegistryParts {
  readonly keyValue: KeyValue;
  readonly clock: Clock;
  readonly random: Random;
  readonly cell: string;
}

const secretKey = 'secret';
/** A secret is read again at most this often for tokens that it has not signed. */
const rereadMs = 1_000;
/** How long the note of an extended lease outlasts the lease. */
const noteGraceMs = 60_000;
/** A round is lost when another node has added one of the ten priorities meanwhile, or by a false check in flight. */
const maxRounds = 20;
const encoder = new TextEncoder();
const decoder = new TextDecoder();

/**
 * What the nodes of a cluster must agree on about queues, in one bucket: which queues there are and which priorities
 * they use (`q.{tenant}.{queue}`), the secret that signs lease tokens (`secret`), and until when leases were extended
 * (`x.{digest}`).
 */
export class QueueRegistry {
  readonly #parts: QueueRegistryParts;
  #bucket: Promise<Bucket> | undefined = undefined;
  #secret: Promise<string> | undefined = undefined;
  #secretReadAtMs = 0;

  constructor(parts: QueueRegistryParts) {
    this.#parts = parts;
  }

  /** @throws StoreUnavailableError */
  async find(tenant: string, token: string): Promise<QueueEntry | undefined> {
    const entry = await (await this.#open()).get(queueKey(tenant, token));
    return entry === undefined ? undefined : entryOf(entry);
  }

  /** The entry of the queue, which is made where there is none. @throws QueueLimitError; StoreUnavailableError */
  async ensure(tenant: string, token: string, maxQueues: number): Promise<QueueEntry> {
    const found = await this.find(tenant, token);
    if (found !== undefined) return found;
    const queue = textOfToken(token);
    if ((await this.list(tenant)).length >= maxQueues) {
      const detail = `tenant ${tenant} has ${maxQueues} queues, as many as it may have: remove one`;
      throw new QueueLimitError('too-many-queues', queue, detail);
    }
    const entry: QueueEntry = { queue, createdAtMs: this.#parts.clock.wallNow(), priorities: [] };
    const outcome = await (await this.#open()).create(queueKey(tenant, token), bytesOf(entry));
    return outcome.kind === 'written' ? entry : ((await this.find(tenant, token)) ?? entry);
  }

  /** Notes that a priority is used, so that takers on other nodes ask for it. @throws StoreUnavailableError */
  async addPriority(tenant: string, token: string, priority: number): Promise<void> {
    const bucket = await this.#open();
    const key = queueKey(tenant, token);
    for (let round = 0; round < maxRounds; round++) {
      const found = await bucket.get(key);
      const before = found === undefined ? undefined : entryOf(found);
      if (before?.priorities.includes(priority) === true) return;
      const { queue, createdAtMs, priorities } = before ?? {
        queue: textOfToken(token),
        createdAtMs: this.#parts.clock.wallNow(),
        priorities: [],
      };
      const after = bytesOf({ queue, createdAtMs, priorities: [...priorities, priority] });
      const outcome = await (found === undefined
        ? bucket.create(key, after)
        : bucket.update(key, after, found.revision));
      if (outcome.kind === 'written') return;
    }
    throw new StoreUnavailableError(bucket.name);
  }

  /** All queues of a tenant by name. @throws StoreUnavailableError */
  async list(tenant: string): Promise<readonly QueueEntry[]> {
    const entries: QueueEntry[] = [];
    for await (const page of (await this.#open()).entries(queueKey(tenant, '*')))
      entries.push(...page.map(entryOf));
    return entries.toSorted((a, b) => (a.queue < b.queue ? -1 : 1));
  }

  /** @throws StoreUnavailableError */
  async remove(tenant: string, token: string): Promise<void> {
    await (await this.#open()).purge(queueKey(tenant, token), { markerTtlMs: 60_000 });
  }

  /** The secret that signs lease tokens: made once for the cluster. @throws StoreUnavailableError */
  secret(): Promise<string> {
    if (this.#secret === undefined) this.#secretReadAtMs = this.#parts.clock.now();
    this.#secret ??= this.#readSecret().catch((error: unknown) => {
      this.#secret = undefined;
      throw error;
    });
    return this.#secret;
  }

  /** The same, read again where that was not done within the last second. @throws StoreUnavailableError */
  newestSecret(): Promise<string> {
    const now = this.#parts.clock.now();
    if (now - this.#secretReadAtMs >= rereadMs) this.#secret = undefined;
    return this.secret();
  }

  /** Reads bucket and secret again at the next use: the store may have been replaced. */
  forget(): void {
    this.#bucket = undefined;
    this.#secret = undefined;
  }

  /**
   * Notes for the other nodes until when a lease was extended. The note lives for the length of the extension, and not
   * until an instant of the wall clock, which may have jumped meanwhile.
   *
   * @throws StoreUnavailableError
   */
  async noteExtension(lease: string, untilMs: number, lastingMs: number): Promise<void> {
    const ttlMs = lastingMs + noteGraceMs;
    await (await this.#open()).put(noteKey(lease), encoder.encode(String(untilMs)), { ttlMs });
  }

  /** Until when a lease was extended; undefined where it was not. @throws StoreUnavailableError */
  async extension(lease: string): Promise<number | undefined> {
    const note = await (await this.#open()).get(noteKey(lease));
    return note === undefined ? undefined : Number(decoder.decode(note.value));
  }

  async #readSecret(): Promise<string> {
    const bucket = await this.#open();
    const { random } = this.#parts;
    const made = `${random.id()}${random.id()}`;
    for (let round = 0; round < maxRounds; round++) {
      const found = await bucket.get(secretKey);
      if (found !== undefined) return decoder.decode(found.value);
      const outcome = await bucket.create(secretKey, encoder.encode(made));
      if (outcome.kind === 'written') return made;
    }
    throw new StoreUnavailableError(bucket.name);
  }

  #open(): Promise<Bucket> {
    const { keyValue, cell } = this.#parts;
    this.#bucket ??= keyValue.open(queueBucket(cell)).catch((error: unknown) => {
      this.#bucket = undefined;
      throw error;
    });
    return this.#bucket;
  }
}

function queueKey(tenant: string, token: string): string {
  return `q.${tenant}.${token}`;
}

function noteKey(lease: string): string {
  const hash = new ContentHash();
  hash.add(encoder.encode(lease));
  return `x.${hash.digest()}`;
}

function bytesOf(entry: QueueEntry): Uint8Array {
  return encoder.encode(JSON.stringify(entry));
}

function entryOf({ value }: KeyEntry): QueueEntry {
  return JSON.parse(decoder.decode(value)) as QueueEntry;
}
