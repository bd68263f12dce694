import type { Socket } from 'node:net';
import type { Clock } from '@drover/actor-core';
import { RequestFailure } from '../errors.ts';
import type { Exchange } from './exchange.ts';
import type { OpenExchanges } from './open-exchanges.ts';
import { answerUnknownMethod } from './unknown-method.ts';
import { isLingering, linger } from './unread-body.ts';

interface ClientError extends NodeJS.ErrnoException {
  readonly rawPacket?: Buffer;
  readonly bytesParsed?: number;
}

/**
 * Answers input that is not valid HTTP or did not arrive in time, as Go's server does: after the answers to the earlier
 * requests of the connection, which is then closed. A request whose body breaks off is answered by its handler, in the
 * dialect of its route.
 */
export function clientErrorHandler(
  exchanges: OpenExchanges,
  allowOf: (method: string, target: string) => string | undefined,
  clock: Clock,
): (error: ClientError, socket: Socket) => void {
  const failed = new WeakSet<Socket>();
  return (error, socket): void => {
    if (isLingering(socket)) return;
    if (isGone(error, socket)) {
      socket.destroy();
      return;
    }
    // After a failure, node's parser reports the same error for every later packet.
    if (failed.has(socket)) return;
    failed.add(socket);
    const open = exchanges.of(socket);
    const cut = open.find(({ request }) => !request.complete);
    if (cut) {
      cut.breakBody(bodyFailureOf(error));
      return;
    }
    if (exchanges.isReading(socket)) {
      socket.destroy();
      return;
    }
    const text = answerUnknownMethod(error, allowOf) ?? badRequest(statusOf(error));
    void answerAfter(open, socket, clock, text);
  };
}

async function answerAfter(
  open: readonly Exchange[],
  socket: Socket,
  clock: Clock,
  text: string,
): Promise<void> {
  await Promise.all(open.map(({ closed }) => closed));
  if (socket.writable) linger(socket, clock, text);
}

function isGone(error: ClientError, socket: Socket): boolean {
  return error.code === 'ECONNRESET' || error.code === 'EPIPE' || !socket.writable;
}

function bodyFailureOf(error: ClientError): RequestFailure {
  if (error.code === 'ERR_HTTP_REQUEST_TIMEOUT')
    return new RequestFailure(408, 'body-timeout', 'the request body did not arrive in time');
  if (error.code === 'HPE_INVALID_EOF_STATE') return new RequestFailure(400, 'body-broken', 'unexpected EOF');
  if (error.code === 'HPE_INVALID_CHUNK_SIZE')
    return new RequestFailure(400, 'body-broken', 'invalid byte in chunk length');
  return new RequestFailure(400, 'body-broken', 'malformed chunked encoding');
}

function statusOf(error: ClientError): string {
  switch (error.code) {
    case 'HPE_HEADER_OVERFLOW':
      return '431 Request Header Fields Too Large';
    case 'ERR_HTTP_REQUEST_TIMEOUT':
      return '408 Request Timeout';
    default:
      return '400 Bad Request';
  }
}

function badRequest(status: string): string {
  return `HTTP/1.1 ${status}\r\nContent-Type: text/plain; charset=utf-8\r\nConnection: close\r\n\r\n${status}`;
}
