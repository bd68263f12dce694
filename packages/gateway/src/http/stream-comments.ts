import type { Clock, Timer } from '@drover/actor-core';
import type { Exchange } from './exchange.ts';

/**
 * Writes a comment line into a stream of server-sent events whenever nothing was written for `afterMs`. A model can be
 * silent for minutes while it writes a tool call, and proxies and clients close connections that seem idle; readers of
 * events skip comments. JSON lines have no comments, so streams of other types are not changed. Nothing is written
 * before the first bytes of the stream itself, because the status of the answer is not known until then.
 *
 * @param afterMs 0 for never
 * @returns function that stops the comments
 */
export function commentWhileSilent(
  exchange: Pick<Exchange, 'comment'>,
  clock: Clock,
  afterMs: number,
): () => void {
  if (afterMs === 0) return () => {};
  let timer: Timer;
  const wait = (delayMs: number): void => {
    timer = clock.setTimer(delayMs, () => wait(exchange.comment(afterMs)));
  };
  wait(afterMs);
  return () => timer.cancel();
}
