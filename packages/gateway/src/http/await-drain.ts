import type { ServerResponse } from 'node:http';
import type { Clock, Timer } from '@drover/actor-core';

/**
 * Resolves when the socket takes more bytes, is closed, or `signal` is aborted. A client that reads nothing for
 * `readerTimeoutMs` is disconnected; 0 means never.
 */
export async function awaitDrain(
  response: ServerResponse,
  signal: AbortSignal,
  clock: Clock,
  readerTimeoutMs: number,
): Promise<void> {
  if (response.destroyed || response.closed || signal.aborted || !response.writableNeedDrain) return;
  let timer: Timer | undefined;
  await new Promise<void>((resolve) => {
    const done = (): void => {
      response.off('drain', done);
      response.off('close', done);
      signal.removeEventListener('abort', done);
      resolve();
    };
    if (readerTimeoutMs > 0) timer = clock.setTimer(readerTimeoutMs, () => response.destroy());
    response.once('drain', done);
    response.once('close', done);
    signal.addEventListener('abort', done, { once: true });
  });
  timer?.cancel();
}
