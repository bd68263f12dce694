import type { LocalNode } from '@drover/actor-core/cluster';

/** Time between two looks whether it is there. */
const lookMs = 5_000;
const retryMs = 500;

/**
 * Creates a part of the store, and creates it again after the store was lost. For hosts: a gateway may not.
 *
 * @param ensure creates it, or confirms that it is there
 * @returns the function that ends it
 */
export function keepThere(
  { clock, log }: Pick<LocalNode, 'clock' | 'log'>,
  what: string,
  ensure: () => Promise<unknown>,
): () => void {
  let timer: { cancel(): void } | undefined;
  let hasEnded = false;
  const look = async (): Promise<void> => {
    let delayMs = lookMs;
    try {
      await ensure();
    } catch (err) {
      log.debug({ err }, `${what} cannot be opened`);
      delayMs = retryMs;
    }
    if (!hasEnded) timer = clock.setTimer(delayMs, () => void look());
  };
  void look();
  return () => {
    hasEnded = true;
    timer?.cancel();
  };
}
