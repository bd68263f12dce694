import type { Memory, MemoryStats } from '@drover/actor-core/cluster';
import { Gauge, type Registry } from 'prom-client';

/** Gauges of the replicated memory as this gateway sees it. Read at each scrape. */
export function registerMemoryGauges(registry: Registry, memory: Memory): void {
  const gauge = (name: string, help: string, read: (stats: MemoryStats) => number): void => {
    registry.registerMetric(
      new Gauge({
        name: `drover_memory_${name}`,
        help,
        registers: [],
        collect(): void {
          this.set(read(memory.stats));
        },
      }),
    );
  };
  gauge(
    'lag_seconds',
    'Time by which this gateway is behind the newest changes.',
    ({ lagMs }) => lagMs / 1_000,
  );
  gauge('open_buckets', 'Buckets that can be used.', ({ openBuckets }) => openBuckets);
  gauge('stored_bytes', 'Bytes of all values that are records.', ({ storedBytes }) => storedBytes);
  gauge('blob_bytes', 'Bytes of all values that are blobs.', ({ blobBytes }) => blobBytes);
  gauge('blob_writes_total', 'Values that were stored as blobs.', ({ blobWrites }) => blobWrites);
  gauge('blob_reads_total', 'Values that were read from blobs.', ({ blobReads }) => blobReads);
  gauge(
    'brought_back_total',
    'Old values that a read brought back from a blob into a record.',
    ({ broughtBack }) => broughtBack,
  );
  gauge('cached_bytes', 'Bytes of the values that this gateway holds.', ({ cachedBytes }) => cachedBytes);
  gauge('cached_keys', 'Keys that this gateway holds.', ({ cachedKeys }) => cachedKeys);
  gauge('cache_hits_total', 'Cached reads that were answered from the cache.', ({ cacheHits }) => cacheHits);
  gauge('cache_misses_total', 'Cached reads that asked the leader.', ({ cacheMisses }) => cacheMisses);
  gauge('reads_total', 'Reads that asked the leader.', ({ reads }) => reads);
  gauge('writes_total', 'Changes.', ({ writes }) => writes);
  gauge('conflicts_total', 'Changes that met a change of another writer.', ({ conflicts }) => conflicts);
  gauge(
    'lost_attempts_total',
    'Compare-and-sets that lost against another node and were made again.',
    ({ lostAttempts }) => lostAttempts,
  );
  gauge('unknown_writes_total', 'Changes whose outcome is unknown.', ({ unknownWrites }) => unknownWrites);
  gauge('barrier_writes_total', 'Barrier writes of fresh reads.', ({ barrierWrites }) => barrierWrites);
  gauge('resets_total', 'Times that a bucket was lost or replaced.', ({ resets }) => resets);
  gauge('expired_total', 'Keys whose time to live was over.', ({ expired }) => expired);
}
