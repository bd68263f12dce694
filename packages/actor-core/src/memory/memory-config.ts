import { InvalidArgumentError } from '../errors.ts';
import { optionNames, requireKnownOptions } from '../known-options.ts';
import type { TenantClass } from '../transport/tenants.ts';
import { knownMerges } from './merges.ts';
import type { MergeFunction } from './policy.ts';

/** Limits of the replicated memory of one node. */
export interface MemoryOptions {
  /** Bytes of one value. @default 67_108_864 */
  readonly maxValueBytes?: number;
  /**
   * Bytes of a value that is stored in the record of its key. A larger one is stored as a blob.
   *
   * @default 1_048_576, or what one message of the bus carries
   */
  readonly maxRecordBytes?: number;
  /**
   * Bytes of all values of a bucket that are stored in records, and bytes of all that are stored as blobs. The buckets
   * are created with it. 0 is the limit of the disk. @default 10 GiB
   */
  readonly maxBucketBytes?: number;
  /** Bytes of values that this node keeps in its own memory, for each bucket. @default 64 MiB */
  readonly cacheBytes?: number;
  /** Servers that keep a copy of each bucket: 1, 3 or 5. Used at its creation. @default 1 */
  readonly replicas?: number;
  /**
   * Age from which on a value is moved from its record into a blob; a read brings it back. 0: never. Minimum 1_000; an
   * event stream that was interrupted for longer may miss the write of a value that was moved meanwhile.
   *
   * @default 2_592_000_000 (30 days)
   */
  readonly coldAfterMs?: number;
  /** Bytes from which on a value is moved. @default 4_096 */
  readonly coldMinBytes?: number;
  /**
   * How often a node that creates the buckets looks for old values and for blobs that no record refers to. Minimum
   * 1_000. @default 600_000
   */
  readonly upkeepMs?: number;
  /** Further merge functions by name, for the policy `merge:NAME`. All nodes must have the same. @default none */
  readonly merges?: Readonly<Record<string, MergeFunction>>;
  /** Class of a tenant. All nodes must agree. @default 'standard' for every tenant */
  readonly classOf?: (tenant: string) => TenantClass;
  /** Whether this node creates the buckets. Others wait until they exist. @default whether it has the role `host` */
  readonly createsBuckets?: boolean;
}

export type FullMemoryOptions = Required<Omit<MemoryOptions, 'merges' | 'createsBuckets'>> & {
  readonly merges: ReadonlyMap<string, MergeFunction>;
  readonly createsBuckets: boolean;
};

const memoryOptions = optionNames<MemoryOptions>({
  maxValueBytes: true,
  maxRecordBytes: true,
  maxBucketBytes: true,
  cacheBytes: true,
  replicas: true,
  coldAfterMs: true,
  coldMinBytes: true,
  upkeepMs: true,
  merges: true,
  classOf: true,
  createsBuckets: true,
});
const mebibyte = 1024 * 1024;

/** Defaults of the options that settings can change. */
export const memoryDefaults: Required<
  Pick<
    MemoryOptions,
    'maxValueBytes' | 'maxBucketBytes' | 'cacheBytes' | 'coldAfterMs' | 'coldMinBytes' | 'upkeepMs'
  >
> = Object.freeze({
  maxValueBytes: 64 * mebibyte,
  maxBucketBytes: 10 * 1024 * mebibyte,
  cacheBytes: 64 * mebibyte,
  coldAfterMs: 30 * 86_400_000,
  coldMinBytes: 4_096,
  upkeepMs: 600_000,
});

/** Headers, subject and the frame of a message beside its value. */
const frameBytes = 16_384;

/** Fills in the defaults. @throws InvalidArgumentError naming the option */
export function resolveMemoryOptions(
  options: MemoryOptions,
  node: { readonly roles: readonly string[]; readonly maxPayloadBytes: number },
): FullMemoryOptions {
  requireKnownOptions('options', options, memoryOptions);
  const largest = Math.max(1, node.maxPayloadBytes - frameBytes);
  const {
    maxValueBytes = memoryDefaults.maxValueBytes,
    coldAfterMs = memoryDefaults.coldAfterMs,
    coldMinBytes = memoryDefaults.coldMinBytes,
    upkeepMs = memoryDefaults.upkeepMs,
  } = options;
  if (!(Number.isSafeInteger(maxValueBytes) && maxValueBytes > 0))
    throw new InvalidArgumentError('maxValueBytes', 'must be an integer above 0');
  const maxRecordBytes = options.maxRecordBytes ?? Math.min(mebibyte, largest);
  if (!(maxRecordBytes > 0 && maxRecordBytes <= largest))
    throw new InvalidArgumentError('maxRecordBytes', `must be 1 to ${largest}, what the bus carries`);
  if (!(coldAfterMs === 0 || coldAfterMs >= 1_000))
    throw new InvalidArgumentError('coldAfterMs', 'must be 0 or at least 1000');
  if (!(coldMinBytes >= 1)) throw new InvalidArgumentError('coldMinBytes', 'must be at least 1');
  if (!(upkeepMs >= 1_000)) throw new InvalidArgumentError('upkeepMs', 'must be at least 1000');
  const merges = new Map(knownMerges);
  for (const [name, merge] of Object.entries(options.merges ?? {})) {
    if (!/^[a-z0-9][a-z0-9-]{0,31}$/.test(name))
      throw new InvalidArgumentError(`merges.${name}`, 'must be named by 1 to 32 of a-z 0-9 -');
    merges.set(name, merge);
  }
  return {
    maxValueBytes,
    maxRecordBytes,
    maxBucketBytes: options.maxBucketBytes ?? memoryDefaults.maxBucketBytes,
    cacheBytes: options.cacheBytes ?? memoryDefaults.cacheBytes,
    replicas: options.replicas ?? 1,
    coldAfterMs,
    coldMinBytes,
    upkeepMs,
    classOf: options.classOf ?? (() => 'standard'),
    createsBuckets: options.createsBuckets ?? node.roles.includes('host'),
    merges,
  };
}
