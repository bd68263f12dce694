import type { NodeStorage } from '../storage/node-storage.ts';
import { queueLogSpec, type QueueSpec, resolveQueueSpec } from '../storage/work-queue/queue-spec.ts';
import { tenantClasses } from '../transport/tenants.ts';
import { queueBucket, queueFeed, queuePrefix, queueStream } from '../transport/subjects.ts';

const maxBucketBytes = 256 * 1024 * 1024;

/** Where the queues of a class of tenants are. */
export function streamOf(cell: string, tenantClass: string): { name: string; prefix: string; feed: string } {
  return {
    name: queueStream(cell, tenantClass),
    prefix: queuePrefix(cell, tenantClass),
    feed: queueFeed(cell, tenantClass),
  };
}

/**
 * Creates the streams of all classes and the bucket that says which queues there are, or confirms them. Idempotent. A
 * host does this when it starts: gateways have no right to create streams.
 *
 * The streams keep every message until it is acknowledged, on disk, on as many servers as the storage states, and never
 * discard one.
 *
 * @throws StoreUnavailableError
 */
export async function createQueueStreams(
  storage: Pick<NodeStorage, 'log' | 'keyValue'>,
  cell: string,
): Promise<void> {
  for (const tenantClass of tenantClasses) {
    const { name, prefix, feed } = streamOf(cell, tenantClass);
    const spec: QueueSpec = { name, prefix, feed, sharedLog: { name, prefix } };
    await storage.log.ensure(queueLogSpec(resolveQueueSpec(spec)));
  }
  await storage.keyValue.ensure({ name: queueBucket(cell), maxBytes: maxBucketBytes });
}
