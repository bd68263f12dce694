import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Clock } from '@drover/actor-core';

/** Largest unread body that node reads and drops by itself, so that the connection can be used again. */
const shortRestBytes = 262_144;

/** After the answer, the rest of a body is dropped while bytes arrive at least this often (as nginx does). */
const silenceMs = 5_000;
/** Longest time for which the rest of a body is read and dropped (as nginx does). */
const lingerMs = 30_000;

/**
 * Prepares the answer to a request whose body was not read to its end: the connection is closed after it. The rest of
 * the body is read and dropped for a while, because closing at once would reset the connection, and a reset throws away
 * what the client has not read: it would never see the answer.
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
  if (!isStopped) linger(request, response, clock);
}

function linger(request: IncomingMessage, response: ServerResponse, clock: Clock): void {
  const { socket } = request;
  // Node calls this as soon as the answer is written. It may only end the sending side then.
  socket.destroySoon = () => socket.end();
  const endAtMs = clock.now() + lingerMs;
  let bytesSeen = socket.bytesRead;
  const look = (): void => {
    if (socket.bytesRead === bytesSeen || clock.now() >= endAtMs) socket.destroy();
    else timer = clock.setTimer(silenceMs, look);
    bytesSeen = socket.bytesRead;
  };
  let timer = clock.setTimer(silenceMs, look);
  const close = (): void => {
    timer.cancel();
    if (response.writableFinished) socket.destroy();
    else response.once('finish', () => socket.destroy());
  };
  request.once('end', close);
  request.once('close', close);
  request.on('error', close);
  request.resume();
}

function isShort({ headers }: IncomingMessage): boolean {
  return (
    headers['transfer-encoding'] === undefined && Number(headers['content-length'] ?? 0) <= shortRestBytes
  );
}
