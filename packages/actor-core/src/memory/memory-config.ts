import { InvalidArgumentError } from '../errors.ts';
import { optionNames, requireKnownOptions } from '../known-options.ts';
import type { TenantClass } from '../transport/tenants.ts';
import { knownMerges } from './merges.ts';
import type { MergeFunction } from './policy.ts';

/** Limits of the replicated memory of one node. */
export interface MemoryOptions {
  /** Bytes of one value. @default 1_048_576, or what one message of the bus carries */
  readonly maxValueBytes?: number;
  /** Bytes of all values of a bucket. The bucket is created with it. 0 is the limit of the disk. @default 10 GiB */
  readonly maxBucketBytes?: number;
  /** Bytes of values that this node keeps in its own memory, for each bucket. @default 64 MiB */
  readonly cacheBytes?: number;
  /** Servers that keep a copy of each bucket: 1, 3 or 5. Used at its creation. @default 1 */
  readonly replicas?: number;
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
  maxBucketBytes: true,
  cacheBytes: true,
  replicas: true,
  merges: true,
  classOf: true,
  createsBuckets: true,
});
const mebibyte = 1024 * 1024;
/** Headers, subject and the frame of a message beside its value. */
const frameBytes = 16_384;

/** Fills in the defaults. @throws InvalidArgumentError naming the option */
export function resolveMemoryOptions(
  options: MemoryOptions,
  node: { readonly roles: readonly string[]; readonly maxPayloadBytes: number },
): FullMemoryOptions {
  requireKnownOptions('options', options, memoryOptions);
  const largest = Math.max(1, node.maxPayloadBytes - frameBytes);
  const maxValueBytes = options.maxValueBytes ?? Math.min(mebibyte, largest);
  if (!(maxValueBytes > 0 && maxValueBytes <= largest))
    throw new InvalidArgumentError('maxValueBytes', `must be 1 to ${largest}, what the bus carries`);
  const merges = new Map(knownMerges);
  for (const [name, merge] of Object.entries(options.merges ?? {})) {
    if (!/^[a-z0-9][a-z0-9-]{0,31}$/.test(name))
      throw new InvalidArgumentError(`merges.${name}`, 'must be named by 1 to 32 of a-z 0-9 -');
    merges.set(name, merge);
  }
  return {
    maxValueBytes,
    maxBucketBytes: options.maxBucketBytes ?? 10 * 1024 * mebibyte,
    cacheBytes: options.cacheBytes ?? 64 * mebibyte,
    replicas: options.replicas ?? 1,
    classOf: options.classOf ?? (() => 'standard'),
    createsBuckets: options.createsBuckets ?? node.roles.includes('host'),
    merges,
  };
}
