import type { Setting } from './setting.ts';

const yearMs = 365 * 86_400_000;

/** The replicated memory. All hosts of a cluster should have the same values. */
export const memorySettings: readonly Setting[] = [
  {
    key: 'memory-max-value',
    kind: 'size',
    group: 'Memory',
    takers: ['up', 'gateway', 'host'],
    placeholder: '<size>',
    help: 'largest value that can be put; the body of a request is limited by max-body too',
    fields: ['memory.maxValueBytes'],
  },
  {
    key: 'memory-max-bucket',
    kind: 'size',
    group: 'Memory',
    takers: ['up', 'gateway', 'host'],
    placeholder: '<size>',
    help: 'bytes of all values of a class of tenants that are stored as records, and as blobs; buckets are created with it; 0 is the limit of the disk',
    fields: ['memory.maxBucketBytes'],
    min: 0,
  },
  {
    key: 'memory-cache',
    kind: 'size',
    group: 'Memory',
    takers: ['up', 'gateway', 'host'],
    placeholder: '<size>',
    help: 'values that one process keeps for cached reads, for each class of tenants',
    fields: ['memory.cacheBytes'],
  },
  {
    key: 'memory-move-after',
    kind: 'duration',
    group: 'Memory',
    takers: ['up', 'host'],
    placeholder: '<duration>',
    help: 'age from which on a value is moved from its record into a blob; a read brings it back',
    fields: ['memory.coldAfterMs'],
    zeroIsOff: true,
    max: 10 * yearMs,
  },
  {
    key: 'memory-move-min',
    kind: 'size',
    group: 'Memory',
    takers: ['up', 'host'],
    placeholder: '<size>',
    help: 'values below this size are not moved by their age',
    fields: ['memory.coldMinBytes'],
  },
  {
    key: 'memory-upkeep',
    kind: 'duration',
    group: 'Memory',
    takers: ['up', 'host'],
    placeholder: '<duration>',
    help: 'how often a host looks for old values, and for blobs that no record refers to',
    fields: ['memory.upkeepMs'],
    min: 1_000,
  },
];
