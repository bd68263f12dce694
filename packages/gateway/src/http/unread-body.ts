import type { IncomingMessage, ServerResponse } from 'node:http';
import { Socket } from 'node:net';
import type { Clock } from '@drover/actor-core';

/** Largest unread body that node reads and drops by itself, so that the connection can be used again. */
const shortRestBytes = 262_144;

/** Longest time for which the rest of a body is read and dropped after the answer, as in nginx (`lingering_time`). */
const lingerMs = 30_000;

/** A client that sends nothing for this long while its connection lingers is disconnected. */
const silenceMs = 5_000;

const lingering = new WeakSet<Socket>();

/**
 * Prepares the answer to a request whose body was not read to its end: the connection is closed after it, unless the
 * rest is so short that node reads and drops it by itself.
 *
 * @param isStopped no more of the body will arrive
 */
export function closeUnread(request: IncomingMessage, response: ServerResponse, isStopped: boolean): void {
  if (request.complete || request.destroyed) return;
  if (!isStopped && isShort(request)) return;
  response.setHeader('Connection', 'close');
  response.shouldKeepAlive = false;
}

/**
 * Keeps the connection open for a moment after an answer that is sent before the body of its request has ended.
 *
 * Node closes the socket as soon as such an answer is written. The kernel then resets the connection, because bytes
 * arrive that nobody reads, and the client fails with EPIPE or ECONNRESET instead of seeing the answer. So only the
 * sending half is closed, and the client's bytes are read and dropped until it closes its own half.
 */
export function lingerAfter(request: IncomingMessage, clock: Clock): void {
  const { socket } = request;
  // A request without a body counts as complete only when its listener has returned.
  if (request.complete || socket.destroyed || !hasBody(request)) return;
  // Node calls this method, and nothing else, to close the connection after its last answer.
  socket.destroySoon = (): void => {
    if (request.complete) Socket.prototype.destroySoon.call(socket);
    else {
      request.on('error', () => {}).resume();
      linger(socket, clock);
    }
  };
}

/** Sends `lastBytes` and closes the sending half of `socket`; the whole when the client has closed its own half. */
export function linger(socket: Socket, clock: Clock, lastBytes = ''): void {
  if (lingering.has(socket) || socket.destroyed) return;
  lingering.add(socket);
  const endMs = clock.now() + lingerMs;
  let bytesRead = socket.bytesRead;
  const check = (): void => {
    if (socket.bytesRead === bytesRead || clock.now() >= endMs) socket.destroy();
    else {
      bytesRead = socket.bytesRead;
      timer = clock.setTimer(silenceMs, check);
    }
  };
  let timer = clock.setTimer(silenceMs, check);
  socket.once('close', () => timer.cancel());
  socket.once('end', () => socket.destroy());
  socket.end(lastBytes);
}

/** True: the last answer on this connection is sent. Whatever arrives on it is dropped. */
export function isLingering(socket: Socket): boolean {
  return lingering.has(socket);
}

function hasBody({ headers }: IncomingMessage): boolean {
  return headers['transfer-encoding'] !== undefined || headers['content-length'] !== undefined;
}

function isShort({ headers }: IncomingMessage): boolean {
  return (
    headers['transfer-encoding'] === undefined && Number(headers['content-length'] ?? 0) <= shortRestBytes
  );
}
