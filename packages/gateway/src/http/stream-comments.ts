import type { Clock, Timer } from '@drover/actor-core';
import type { Exchange } from './exchange.ts';

/**
 * Writes a comment line into a stream of events whenever nothing was written for `afterMs`: a model can be silent for
 * minutes while it writes a tool call, and proxies and clients end connections that look idle. Readers of events skip
 * comments. Streams of other types are left alone: JSON lines have no comments. Nothing is written before the stream's
 * own first bytes, since the status of the answer is not known before.
 *
 * @param afterMs 0 for never
 * @returns function that stops the comments
 */
export function commentWhileSilent(exchange: Exchange, clock: Clock, afterMs: number): () => void {
  if (afterMs === 0) return () => {};
  let timer: Timer;
  const wait = (delayMs: number): void => {
    timer = clock.setTimer(delayMs, () => wait(exchange.comment(afterMs)));
  };
  wait(afterMs);
  return () => timer.cancel();
}
