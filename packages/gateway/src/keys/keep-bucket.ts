import type { LocalNode } from '@drover/actor-core/cluster';

/** Time between two looks whether the bucket is there. */
const lookMs = 5_000;
const retryMs = 500;

/**
 * Creates a bucket, and creates it again after the store was lost. For hosts: a gateway may not.
 *
 * @param renew opens the bucket, or creates it
 * @returns the function that ends it
 */
export function keepBucket(
  { clock, log }: Pick<LocalNode, 'clock' | 'log'>,
  what: string,
  renew: () => Promise<unknown>,
): () => void {
  let timer: { cancel(): void } | undefined;
  let hasEnded = false;
  const look = async (): Promise<void> => {
    const delayMs = await renew().then(
      () => lookMs,
      (err: unknown) => {
        log.debug({ err }, `the bucket of the ${what} cannot be opened`);
        return retryMs;
      },
    );
    if (!hasEnded) timer = clock.setTimer(delayMs, () => void look());
  };
  void look();
  return () => {
    hasEnded = true;
    timer?.cancel();
  };
}
