import type { LocalNode } from '@drover/actor-core/cluster';
import { keyStoreOf } from './key-store.ts';

/** Time between two looks whether the bucket is there. */
const lookMs = 5_000;
const retryMs = 500;

/**
 * Creates the bucket of the keys, and creates it again after the store was lost. For hosts: a gateway may not.
 *
 * @returns the function that ends it
 */
export function keepKeysBucket(node: LocalNode): () => void {
  const store = keyStoreOf(node);
  let timer: { cancel(): void } | undefined;
  let hasEnded = false;
  const look = async (): Promise<void> => {
    const delayMs = await store.renew().then(
      () => lookMs,
      (err: unknown) => {
        node.log.debug({ err }, 'the bucket of the keys cannot be opened');
        return retryMs;
      },
    );
    if (!hasEnded) timer = node.clock.setTimer(delayMs, () => void look());
  };
  void look();
  return () => {
    hasEnded = true;
    timer?.cancel();
  };
}
