import type { LocalNode } from '../membership/local-node.ts';
import { memoryBucket, memoryFeed, requireToken } from '../transport/subjects.ts';
import { type TenantClass, tenantClasses } from '../transport/tenants.ts';
import { BucketAccess } from './bucket-access.ts';
import type { Conflict } from './decide-key-write.ts';
import { HybridClock } from './hybrid-clock.ts';
import { KeyOwners } from './key-owners.ts';
import { LargeValues } from './large-values.ts';
import { LocalScope } from './local-scope.ts';
import { joinConflicts, type MemoryConflicts } from './memory-conflicts.ts';
import { type FullMemoryOptions, type MemoryOptions, resolveMemoryOptions } from './memory-config.ts';
import { MemoryBucket } from './memory-bucket.ts';
import type { MemoryEvent } from './memory-event.ts';
import type { Memory, MemoryScope, MemoryStats } from './memory.ts';
import { MemoryUpkeep } from './memory-upkeep.ts';
import { MemoryListeners } from './memory-listeners.ts';
import { addressOf, type Scope, scopePrefix } from './scope.ts';
import { bytesOf, revisionOf, type StoredValue } from './stored-value.ts';

/** Keys whose newest announced revision is remembered. */
const maxAnnounced = 65_536;

/**
 * Starts the replicated memory on this node: opens one bucket for each class of tenants, and follows their changes.
 * Works before the store can be reached: operations wait for their bucket, at most 5 s.
 *
 * @throws InvalidArgumentError naming the option
 */
export function startMemory(node: LocalNode, options: MemoryOptions = {}): Memory {
  const { roles, transport } = node;
  const limits = resolveMemoryOptions(options, { roles, maxPayloadBytes: transport.maxPayloadBytes });
  return new LocalMemory(node, limits);
}

class LocalMemory implements Memory {
  readonly #node: LocalNode;
  readonly #limits: FullMemoryOptions;
  readonly #hybridClock: HybridClock;
  readonly #listeners: MemoryListeners;
  readonly #conflicts: MemoryConflicts;
  readonly #owners: KeyOwners;
  readonly #byClass: ReadonlyMap<TenantClass, BucketAccess>;
  readonly #upkeeps: MemoryUpkeep[] = [];
  #conflictCount = 0;
  /** Newest announced revision of recently changed keys. */
  readonly #announced = new Map<string, number>();
  #expired = 0;

  constructor(node: LocalNode, limits: FullMemoryOptions) {
    this.#node = node;
    this.#limits = limits;
    this.#hybridClock = new HybridClock(node.nodeId, () => node.clock.wallNow());
    this.#listeners = new MemoryListeners(node.log);
    this.#conflicts = joinConflicts(node, (event) => this.#listeners.tell(event));
    this.#owners = new KeyOwners(node);
    this.#byClass = new Map(tenantClasses.map((tenantClass) => [tenantClass, this.#openBucket(tenantClass)]));
  }

  scope(tenant: string, scope: Scope): MemoryScope {
    const prefix = scopePrefix(requireToken('tenant', tenant), scope);
    const { storage, clock } = this.#node;
    const { log } = storage;
    const access = this.#byClass.get(this.#limits.classOf(tenant)) as BucketAccess;
    return new LocalScope({
      prefix,
      access,
      listeners: this.#listeners,
      maxRecordBytes: this.#limits.maxRecordBytes,
      merges: this.#limits.merges,
      log,
      clock,
    });
  }

  get maxValueBytes(): number {
    return this.#limits.maxValueBytes;
  }

  get stats(): MemoryStats {
    const all = [...this.#byClass.values()];
    const sum = (of: (access: BucketAccess) => number): number =>
      all.reduce((total, access) => total + of(access), 0);
    return {
      lagMs: Math.max(...all.map(({ bucket }) => bucket.lagMs)),
      openBuckets: all.filter(({ bucket }) => bucket.isOpen).length,
      buckets: all.length,
      storedBytes: sum(({ bucket }) => bucket.bytes),
      blobBytes: sum(({ large }) => large.bytes),
      blobWrites: sum(({ large }) => large.uploads),
      blobReads: sum(({ large }) => large.reads),
      moved: this.#upkeeps.reduce((total, { moved }) => total + moved, 0),
      broughtBack: sum(({ broughtBack }) => broughtBack),
      reclaimedBlobs: this.#upkeeps.reduce((total, { reclaimed }) => total + reclaimed, 0),
      cachedBytes: sum(({ bucket }) => bucket.cache.bytes),
      cachedKeys: sum(({ bucket }) => bucket.cache.size),
      cacheHits: sum(({ cacheHits }) => cacheHits),
      cacheMisses: sum(({ cacheMisses }) => cacheMisses),
      reads: sum(({ reads }) => reads),
      writes: sum(({ writes }) => writes),
      conflicts: this.#conflictCount,
      lostAttempts: sum(({ writers }) => writers.lostAttempts),
      hotKeys: sum(({ writers }) => writers.hotKeys),
      forwarded: this.#owners.forwarded,
      unknownWrites: sum(({ unknownWrites }) => unknownWrites),
      barrierWrites: sum(({ bucket }) => bucket.barrier.writes),
      resets: sum(({ bucket }) => bucket.resets),
      expired: this.#expired,
    };
  }

  onEvent(listener: (event: MemoryEvent) => void): () => void {
    return this.#listeners.addToAll(listener);
  }

  close(): void {
    this.#conflicts.close();
    this.#owners.close();
    this.#listeners.clear();
    for (const upkeep of this.#upkeeps) upkeep.close();
    for (const { bucket, large } of this.#byClass.values()) {
      bucket.close();
      large.close();
    }
  }

  #openBucket(tenantClass: TenantClass): BucketAccess {
    const { nodeId, storage, clock, random, log, subjects } = this.#node;
    const { maxBucketBytes, maxValueBytes, replicas, createsBuckets, cacheBytes } = this.#limits;
    const name = memoryBucket(subjects.cell, tenantClass);
    const large = new LargeValues({
      bucket: name,
      storage,
      clock,
      random,
      maxValueBytes,
      maxBytes: maxBucketBytes,
      replicas,
    });
    const bucket = new MemoryBucket({
      spec: {
        name,
        feed: memoryFeed(subjects.cell, tenantClass),
        maxBytes: maxBucketBytes,
        replicas,
      },
      node: nodeId,
      storage,
      clock,
      log,
      isCreator: createsBuckets,
      prepare: () => large.prepare(),
      cacheBytes,
      onChange: (stored) => this.#changed(stored),
      onReset: (reason) => {
        this.#announced.clear();
        this.#listeners.tell({ type: 'reset', reason });
      },
    });
    bucket.start();
    large.start();
    this.#startUpkeep(bucket, large);
    const onConflict = (key: string, conflict: Conflict, revision: number, source: string | undefined) =>
      this.#conflict(key, conflict, revision, source);
    const { limits, hybridClock } = { limits: this.#limits, hybridClock: this.#hybridClock };
    return new BucketAccess({
      bucket,
      large,
      storage,
      clock,
      random,
      hybridClock,
      node: nodeId,
      limits,
      owners: this.#owners,
      onConflict,
    });
  }

  #startUpkeep(bucket: MemoryBucket, large: LargeValues): void {
    const { createsBuckets, coldAfterMs, coldMinBytes, upkeepMs } = this.#limits;
    if (!createsBuckets) return;
    const { storage, clock, log, nodeId } = this.#node;
    const moves = coldAfterMs === 0 ? undefined : { coldAfterMs, minBytes: coldMinBytes };
    const surroundings = { bucket, large, storage, clock, log, node: nodeId };
    this.#upkeeps.push(new MemoryUpkeep({ ...surroundings, everyMs: upkeepMs, moves }));
  }

  #changed(stored: StoredValue): void {
    const { key, kind, sequence, meta } = stored;
    if (meta.stamp !== undefined) this.#hybridClock.observe(meta.stamp);
    if (kind === 'expired') this.#expired++;
    if (!this.#isNews(stored) || !this.#listeners.isHeard(key.slice(0, key.lastIndexOf('.')))) return;
    const address = addressOf(key);
    if (address === undefined || kind === 'absent') return;
    this.#listeners.tell({
      type: kind === 'value' ? 'put' : kind,
      ...address,
      revision: kind === 'value' ? revisionOf(stored) : sequence,
      bytes: bytesOf(stored),
      contentType: meta.contentType,
    });
  }

  /**
   * A moved value keeps its revision and is no news, unless its put was never announced here: the move replaces that
   * record, so a watch that lags behind sees the move alone.
   */
  #isNews(stored: StoredValue): boolean {
    const revision = stored.kind === 'value' ? revisionOf(stored) : stored.sequence;
    const isNews = stored.meta.moved === undefined || this.#announced.get(stored.key) !== revision;
    this.#announced.delete(stored.key);
    this.#announced.set(stored.key, revision);
    if (this.#announced.size > maxAnnounced) {
      const [oldest] = this.#announced.keys();
      if (oldest !== undefined) this.#announced.delete(oldest);
    }
    return isNews;
  }

  #conflict(
    key: string,
    { resolution, policy, other }: Conflict,
    revision: number,
    source: string = this.#node.nodeId,
  ): void {
    const address = addressOf(key);
    if (address === undefined) return;
    this.#conflictCount++;
    const event = {
      type: 'conflict',
      ...address,
      policy,
      resolution,
      revision,
      otherRevision: other,
      node: source,
    } as const;
    this.#node.log.info({ key, policy, resolution, revision, otherRevision: other }, 'a conflict in memory');
    this.#listeners.tell(event);
    this.#conflicts.publish(event);
  }
}
