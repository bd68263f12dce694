import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Clock } from '@drover/actor-core';

/** Largest unread body that node reads and drops by itself, so that the connection can be used again. */
const shortRestBytes = 262_144;

/** Time for which the rest of a body is read and dropped after the answer. */
const lingerMs = 2_000;

/**
 * Prepares the answer to a request whose body was not read to its end: the connection is closed after it. The rest of
 * the body is read and dropped for a moment, because closing at once would reset the connection and the client would
 * never see the answer.
 *
 * @param isStopped no more of the body will arrive
 */
export function closeUnread(
  request: IncomingMessage,
  response: ServerResponse,
  clock: Clock,
  isStopped: boolean,
): void {
  if (request.complete || request.destroyed) return;
  if (!isStopped && isShort(request)) return;
  response.setHeader('Connection', 'close');
  response.shouldKeepAlive = false;
  if (isStopped) return;
  const timer = clock.setTimer(lingerMs, () => request.socket.destroy());
  request.once('close', () => timer.cancel());
  request.on('error', () => timer.cancel());
  request.resume();
}

function isShort({ headers }: IncomingMessage): boolean {
  return (
    headers['transfer-encoding'] === undefined && Number(headers['content-length'] ?? 0) <= shortRestBytes
  );
}
