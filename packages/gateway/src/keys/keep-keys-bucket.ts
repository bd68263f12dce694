import type { LocalNode } from '@drover/actor-core/cluster';
import { keepBucket } from './keep-bucket.ts';
import { keyStoreOf } from './key-store.ts';

/** Keeps the bucket of the keys, as `keepBucket`. */
export function keepKeysBucket(node: LocalNode): () => void {
  const store = keyStoreOf(node);
  return keepBucket(node, 'keys', () => store.renew());
}
