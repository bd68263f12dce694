import type { Clock } from '../clock.ts';
import { InvalidArgumentError } from '../errors.ts';
import { optionNames, requireKnownOptions } from '../known-options.ts';
import type { Log } from '../storage/log/log.ts';
import type { BucketAccess, LevelRead } from './bucket-access.ts';
import type { Condition, KeyOperation, KeyWriteOutcome } from './decide-key-write.ts';
import { entryOf, valueOfCrdt } from './entry.ts';
import { encodeToken } from './key-token.ts';
import { listKeys } from './list-keys.ts';
import type {
  BatchResult,
  ListOptions,
  MemoryChange,
  MemoryPage,
  MemoryPutOptions,
  MemoryRead,
  MemoryReading,
  MemoryRefusal,
  MemoryScope,
  OperateOptions,
  OperateResult,
  PutResult,
  ReadOptions,
  RemoveOptions,
  RemoveResult,
} from './memory.ts';
import { type MemoryContent, sizeContent } from './memory-content.ts';
import type { MemoryEvent } from './memory-event.ts';
import type { MemoryListeners } from './memory-listeners.ts';
import { crdtOf, type MergeFunction, parsePolicy, type Policy } from './policy.ts';
import { requireKey } from './scope.ts';
import { isElsewhere, revisionOf } from './stored-value.ts';
import { defaultContentType } from './value-meta.ts';
import { revisionsOf } from './write-batch.ts';

/** What a scope works with. */
export interface LocalScopeOptions {
  /** Tenant, kind and id of the scope, as `scopePrefix` builds it. */
  readonly prefix: string;
  readonly access: BucketAccess;
  readonly listeners: MemoryListeners;
  readonly maxRecordBytes: number;
  readonly merges: ReadonlyMap<string, MergeFunction>;
  readonly log: Log;
  readonly clock: Clock;
}

const putNames = optionNames<MemoryPutOptions>({
  contentType: true,
  policy: true,
  ttlMs: true,
  ifRevision: true,
  ifExists: true,
});
const noValue = new Uint8Array(0);
const maxBatch = 1_000;
const maxOperations = 1_000;
const maxKnownKeys = 4_096;
/** Printable ASCII, which a header can carry. */
const contentTypePattern = /^[\x20-\x7e]{1,256}$/;

/** One scope of a tenant on this node. */
export class LocalScope implements MemoryScope {
  readonly #options: LocalScopeOptions;
  readonly #access: BucketAccess;
  readonly #prefix: string;
  readonly #keys = new Map<string, string>();

  constructor(options: LocalScopeOptions) {
    this.#options = options;
    this.#access = options.access;
    this.#prefix = `${options.prefix}.`;
  }

  async get(
    key: string,
    { level = 'leader', maxAgeMs = Number.POSITIVE_INFINITY }: ReadOptions = {},
  ): Promise<MemoryRead | undefined> {
    const bucketKey = this.#keyOf(key);
    if (level === 'cached') {
      const nowMs = this.#options.clock.now();
      const cached = this.#access.cached(bucketKey, maxAgeMs, nowMs);
      if (cached !== undefined) {
        const ageMs = this.#access.bucket.ageAt(nowMs);
        if (!isElsewhere(cached)) return entryOf(key, cached, level, ageMs);
        return this.#entryOf(key, { stored: cached, level, ageMs });
      }
    }
    return this.#entryOf(key, await this.#access.read(bucketKey, level));
  }

  async open(key: string, options: ReadOptions = {}): Promise<MemoryReading | undefined> {
    const { stored, level, ageMs, reading } = await this.#access.opened(await this.#read(key, options));
    const entry = entryOf(key, stored, level, ageMs);
    if (entry === undefined) return undefined;
    const { value, ...facts } = entry;
    return { ...facts, bytes: reading?.entry.bytes ?? value.length, parts: reading?.chunks ?? [value] };
  }

  async put(key: string, value: MemoryContent, options: MemoryPutOptions = {}): Promise<PutResult> {
    const bucketKey = this.#keyOf(key);
    const outcome =
      value instanceof Uint8Array && value.length <= this.#options.maxRecordBytes
        ? await this.#access.perform(bucketKey, this.#put(value, options))
        : await this.#putSized(bucketKey, value, this.#put(noValue, options));
    switch (outcome.kind) {
      case 'written':
        return { kind: 'written', revision: revisionOf(outcome.stored), isCreated: outcome.isCreated };
      case 'superseded':
        return outcome;
      default:
        return refusalOf(outcome);
    }
  }

  async #putSized(
    bucketKey: string,
    value: MemoryContent,
    put: KeyOperation & { readonly kind: 'put' },
  ): Promise<KeyWriteOutcome> {
    const sized = await sizeContent(value, this.#options.maxRecordBytes);
    return sized.kind === 'small'
      ? this.#access.perform(bucketKey, { ...put, value: sized.value })
      : this.#access.performLarge(bucketKey, sized.content, put);
  }

  async remove(key: string, options: RemoveOptions = {}): Promise<RemoveResult> {
    const operation: KeyOperation = { kind: 'remove', condition: conditionOf(options) };
    const outcome = await this.#access.perform(this.#keyOf(key), operation);
    return outcome.kind === 'removed' ? outcome : refusalOf(outcome);
  }

  async operate(
    key: string,
    operations: readonly unknown[],
    { policy, ttlMs }: OperateOptions = {},
  ): Promise<OperateResult> {
    const bucketKey = this.#keyOf(key);
    if (operations.length === 0 || operations.length > maxOperations)
      throw new InvalidArgumentError('ops', `must hold 1 to ${maxOperations} operations`);
    const stated = policy === undefined ? undefined : parsePolicy(policy, this.#options.merges);
    const known = stated ?? (await this.#policyOf(bucketKey));
    if (known === undefined) return { kind: 'not-found' };
    const crdt = crdtOf(known);
    if (crdt === undefined) return { kind: 'policy-mismatch', policy: known };
    const outcome = await this.#access.perform(bucketKey, {
      kind: 'operate',
      operations: operations.map((operation) => crdt.parse(operation)),
      stamps: operations.map(() => this.#access.stamp()),
      policy: stated,
      ttlMs,
      expiresAtMs: this.#access.expiryOf(ttlMs),
    });
    if (outcome.kind === 'not-found') return outcome;
    if (outcome.kind !== 'written') return refusalOf(outcome);
    const { stored, isCreated } = outcome;
    return { kind: 'written', revision: revisionOf(stored), isCreated, value: valueOfCrdt(crdt, stored) };
  }

  async batch(changes: readonly MemoryChange[]): Promise<BatchResult> {
    if (changes.length === 0 || changes.length > maxBatch)
      throw new InvalidArgumentError('changes', `must hold 1 to ${maxBatch} changes`);
    if (new Set(changes.map(({ key }) => key)).size < changes.length)
      throw new InvalidArgumentError('changes', 'must be of different keys');
    const outcome = await this.#access.batch(
      changes.map((change) => ({ key: this.#keyOf(change.key), operation: this.#operationOf(change) })),
    );
    if (outcome.kind === 'written') return { kind: 'written', revisions: revisionsOf(outcome) };
    const refused = changes.find(({ key }) => this.#keyOf(key) === outcome.key);
    return { ...refusalOf(outcome.refusal), key: refused?.key ?? outcome.key };
  }

  list(options: ListOptions = {}): Promise<MemoryPage> {
    const { log, access, prefix } = this.#options;
    return listKeys(log, access.bucket, prefix, options);
  }

  watch(
    listener: (event: MemoryEvent) => void,
    { prefix = '' }: { readonly prefix?: string } = {},
  ): () => void {
    return this.#options.listeners.addTo(this.#options.prefix, (event) => {
      if (!('key' in event) || event.key.startsWith(prefix)) listener(event);
    });
  }

  async #read(key: string, { level = 'leader', maxAgeMs = Infinity }: ReadOptions): Promise<LevelRead> {
    const bucketKey = this.#keyOf(key);
    const nowMs = this.#options.clock.now();
    const cached = level === 'cached' ? this.#access.cached(bucketKey, maxAgeMs, nowMs) : undefined;
    if (cached === undefined) return this.#access.read(bucketKey, level);
    return { stored: cached, level, ageMs: this.#access.bucket.ageAt(nowMs) };
  }

  async #entryOf(key: string, read: LevelRead): Promise<MemoryRead | undefined> {
    const { stored, level, ageMs } = isElsewhere(read.stored) ? await this.#access.loaded(read) : read;
    return entryOf(key, stored, level, ageMs);
  }

  /** Checked and encoded once for each key: a cached read is about as cheap as that. */
  #keyOf(key: string): string {
    const known = this.#keys.get(key);
    if (known !== undefined) return known;
    requireKey(key);
    const bucketKey = this.#prefix + encodeToken(key);
    if (this.#keys.size >= maxKnownKeys) this.#keys.clear();
    this.#keys.set(key, bucketKey);
    return bucketKey;
  }

  #operationOf(change: MemoryChange): KeyOperation {
    if (change.kind === 'remove') return { kind: 'remove', condition: conditionOf(change) };
    const { kind: _kind, key: _key, value, ...options } = change;
    return this.#put(value, options);
  }

  #put(value: Uint8Array, options: MemoryPutOptions): KeyOperation & { readonly kind: 'put' } {
    requireKnownOptions('options', options, putNames);
    const { contentType = defaultContentType, policy, ttlMs } = options;
    if (contentType !== defaultContentType && !contentTypePattern.test(contentType))
      throw new InvalidArgumentError('contentType', 'must be 1 to 256 printable ASCII characters');
    return {
      kind: 'put',
      value,
      contentType,
      policy: policy === undefined ? undefined : parsePolicy(policy, this.#options.merges),
      condition: conditionOf(options),
      ttlMs,
      expiresAtMs: this.#access.expiryOf(ttlMs),
      stamp: this.#access.stamp(),
    };
  }

  async #policyOf(bucketKey: string): Promise<Policy | undefined> {
    const stored =
      this.#access.cached(bucketKey, Number.POSITIVE_INFINITY, this.#options.clock.now()) ??
      (await this.#access.read(bucketKey, 'leader')).stored;
    return stored.kind === 'value' ? stored.meta.policy : undefined;
  }
}

function conditionOf({ ifRevision, ifExists = false }: RemoveOptions): Condition | undefined {
  if (ifExists && ifRevision !== undefined)
    throw new InvalidArgumentError('ifExists', 'must not be given together with ifRevision');
  if (ifExists) return 'present';
  if (ifRevision === undefined) return undefined;
  if (!(Number.isSafeInteger(ifRevision) && ifRevision >= 0))
    throw new InvalidArgumentError('ifRevision', 'must be a whole number of at least 0');
  return ifRevision === 0 ? 'absent' : { revision: ifRevision };
}

/** What a caller of `put` and `remove` is told; outcomes that these operations cannot have are defects. */
function refusalOf(outcome: KeyWriteOutcome): MemoryRefusal {
  switch (outcome.kind) {
    case 'revision-mismatch':
    case 'policy-mismatch':
    case 'merge-failed':
      return outcome;
    default:
      throw new Error(`an operation came to be ${outcome.kind}`);
  }
}
