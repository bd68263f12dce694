import { z } from 'zod';
import type { Clock } from '../clock.ts';
import { InvalidArgumentError, StoreUnavailableError } from '../errors.ts';
import { type Fence, takeFence } from '../fence/fence.ts';
import { FencedWriter } from '../fence/fenced-writer.ts';
import { decodeRecord, encodeRecord } from '../records/record-codec.ts';
import type { LogSpec } from '../storage/log/log-spec.ts';
import type { NodeStorage } from '../storage/node-storage.ts';
import { entityLog, type Subjects } from '../transport/subjects.ts';
import { type EntityId, keyToken, shardOf } from './entity-id.ts';
import { ownerOf, type OwnerRecord, type OwnerSeen } from './owner-record.ts';

/** How the streams of the entities are made; only the first node of a cluster decides it. */
export interface EntityStoreOptions {
  readonly storage: Pick<NodeStorage, 'log' | 'writer'>;
  readonly subjects: Subjects;
  readonly clock: Clock;
  readonly shards: number;
  readonly replicas: number;
}

/** Where the records of one entity are: its log, and its subjects in it. */
export interface EntityPlace {
  readonly log: string;
  /** Subject of the owner record: the fence. */
  readonly owner: string;
  /** A subject of the entity below the given tokens, beside the owner record. */
  subject(...tokens: readonly string[]): string;
}

const ownToken = 'own';
/** Of the record with which an owner proves that it is one. */
const heldToken = 'held';
const maxShards = 256;

/** The streams of the entities: which activation owns which entity, under which fence. */
export class EntityStore {
  readonly #options: EntityStoreOptions;
  readonly #writers = new Map<string, FencedWriter>();
  #shards: Promise<number> | undefined;

  constructor(options: EntityStoreOptions) {
    const { shards } = options;
    if (!(Number.isSafeInteger(shards) && shards >= 1 && shards <= maxShards))
      throw new InvalidArgumentError('shards', `must be a whole number from 1 to ${maxShards}`);
    this.#options = options;
  }

  /** @throws StoreUnavailableError while the streams of the entities cannot be reached or made */
  async placeOf(id: EntityId): Promise<EntityPlace> {
    return this.#placeIn(id, shardOf(id, await this.#open()));
  }

  /** Who owns the entity, as the leader of the stream says. A read authorises nothing: `claim` decides. */
  async look(place: EntityPlace): Promise<OwnerSeen> {
    return ownerOf(await this.#guard(this.#options.storage.log.readLast(place.log, place.owner)));
  }

  /**
   * Takes the entity from the owner that was seen. What is left of a removed entity is deleted first.
   *
   * @throws StoreUnavailableError the outcome is unknown: look again
   */
  async claim(place: EntityPlace, seen: OwnerSeen, record: OwnerRecord): Promise<Fence | undefined> {
    const { storage } = this.#options;
    if (seen.record?.state === 'removed') await this.#purge(place, seen.sequence - 1);
    const taken = await this.#guard(
      takeFence(storage.writer, {
        log: place.log,
        after: seen.sequence,
        record: { subject: place.owner, payload: encodeRecord(record), replacesSubject: true },
      }),
    );
    return taken.kind === 'taken' ? taken.fence : undefined;
  }

  /**
   * Gives the entity up: the record replaces the fence, which no write can assert afterwards. False where another
   * activation has taken the entity.
   *
   * @throws StoreUnavailableError the outcome is unknown
   */
  async giveUp(place: EntityPlace, fence: Fence, record: OwnerRecord): Promise<boolean> {
    const { storage } = this.#options;
    this.#writers.get(place.log)?.release(fence);
    const outcome = await this.#guard(
      storage.writer.write(
        place.log,
        { subject: place.owner, payload: encodeRecord(record), replacesSubject: true },
        { subject: fence.subject, sequence: fence.sequence },
      ),
    );
    if (outcome.kind === 'written' && record.state === 'removed') await this.#purge(place, outcome.sequence);
    return outcome.kind === 'written';
  }

  /** Whether the fence still holds, proven by a write. @throws StoreUnavailableError the outcome is unknown */
  async holds(place: EntityPlace, fence: Fence): Promise<boolean> {
    const record = { subject: place.subject(heldToken), payload: new Uint8Array(0), replacesSubject: true };
    const { kind } = await this.#guard(this.writerOf(place.log).write(fence, record));
    return kind !== 'deposed' && kind !== 'rolled-back';
  }

  /** Writes under fences of that log. */
  writerOf(log: string): FencedWriter {
    const { storage, clock } = this.#options;
    const { log: logs, writer: records } = storage;
    const writer = this.#writers.get(log) ?? new FencedWriter({ log: logs, writer: records, clock });
    this.#writers.set(log, writer);
    return writer;
  }

  /** The owners of all entities of a type, in pages. Not a snapshot. @throws StoreUnavailableError */
  async *ownersOf(type: string): AsyncGenerator<readonly OwnerSeen[]> {
    const { storage, subjects } = this.#options;
    const shards = await this.#open();
    for (let shard = 0; shard < shards; shard++) {
      const log = entityLog(subjects.cell, shard);
      for await (const page of storage.log.readAllLast(log, subjects.entity(shard, type, '*', ownToken)))
        yield page.map(ownerOf);
    }
  }

  #placeIn(id: EntityId, shard: number): EntityPlace {
    const { subjects } = this.#options;
    const subject = (...tokens: readonly string[]) =>
      subjects.entity(shard, id.type, keyToken(id), ...tokens);
    return { log: entityLog(subjects.cell, shard), owner: subject(ownToken), subject };
  }

  async #purge(place: EntityPlace, upTo: number): Promise<void> {
    await this.#guard(this.#options.storage.log.purge(place.log, { subject: place.subject('>'), upTo }));
  }

  /** The number of shards. Makes the streams where there are none. */
  #open(): Promise<number> {
    this.#shards ??= this.#openAll().catch((error: unknown) => {
      this.#shards = undefined;
      throw error;
    });
    return this.#shards;
  }

  async #openAll(): Promise<number> {
    await this.#ensure(0);
    const shards = await this.#recordedShards();
    await Promise.all(Array.from({ length: shards - 1 }, (_, index) => this.#ensure(index + 1)));
    return shards;
  }

  /** The number that the first node of the cluster wrote: the shard of an entity must never depend on the node. */
  async #recordedShards(): Promise<number> {
    const { storage, subjects, shards } = this.#options;
    const log = entityLog(subjects.cell, 0);
    const subject = subjects.entityLayout;
    const payload = encodeRecord({ v: 1, shards });
    const outcome = await storage.writer.write(log, { subject, payload }, { subject, sequence: 0 });
    if (outcome.kind === 'written') return shards;
    const recorded = await storage.log.readLast(log, subject);
    // A server that lags behind may not have the record yet.
    if (recorded === undefined) throw new StoreUnavailableError(log);
    return decodeRecord(subject, recorded.payload, layoutSchema).shards;
  }

  async #ensure(shard: number): Promise<void> {
    const { storage, subjects, replicas, clock } = this.#options;
    await storage.log.ensure(entityLogSpec(subjects, shard, replicas, clock.wallNow()));
  }

  /** A stream that is gone is made again at the next use. */
  async #guard<T>(operation: Promise<T>): Promise<T> {
    try {
      return await operation;
    } catch (error) {
      if (error instanceof StoreUnavailableError && error.code === 'store-missing') this.#shards = undefined;
      throw error;
    }
  }
}

function entityLogSpec(subjects: Subjects, shard: number, replicas: number, nowMs: number): LogSpec {
  return {
    name: entityLog(subjects.cell, shard),
    subjects: [subjects.entitiesOf(shard)],
    // Journals keep every event until a snapshot covers it; an owner record removes the one before it.
    historyPerSubject: 0,
    replicas,
    // Durable timers of the entities.
    allowsDelay: true,
    // Sequences of a lost stream are not issued again, so that no fence comes back.
    firstSequence: Math.max(1, Math.floor(nowMs)),
  };
}

const layoutSchema = z.object({ shards: z.int().min(1).max(maxShards) });
