import type { LocalNode } from '../membership/local-node.ts';
import type { Timer } from '../clock.ts';
import { createQueueStreams } from './queue-streams.ts';

const checkMs = 10_000;

/**
 * Creates the streams of all queues and checks every ten seconds that they are still there: a store that was deleted
 * under a running cluster gets them again, empty. Hosts do this.
 *
 * @returns a function that ends it
 */
export function keepQueueStreams(
  node: Pick<LocalNode, 'storage' | 'subjects' | 'clock' | 'log'>,
): () => void {
  const { storage, subjects, clock, log } = node;
  let timer: Timer | undefined;
  let isEnded = false;
  let wasFailing = false;
  const check = async (): Promise<void> => {
    try {
      await createQueueStreams(storage, subjects.cell);
      wasFailing = false;
    } catch (error) {
      if (!wasFailing) log.warn({ err: error }, 'the streams of the queues cannot be created; trying again');
      wasFailing = true;
    }
    if (!isEnded) timer = clock.setTimer(wasFailing ? checkMs / 10 : checkMs, () => void check());
  };
  void check();
  return () => {
    isEnded = true;
    timer?.cancel();
  };
}
