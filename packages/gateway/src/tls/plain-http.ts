import type { Socket } from 'node:net';
import type { Clock } from '@drover/actor-core';

/** The text of Go's server. */
const text = 'Client sent an HTTP request to an HTTPS server.\n';
const answer = `HTTP/1.1 400 Bad Request\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Length: ${text.length}\r\nConnection: close\r\n\r\n${text}`;
/** Time for the client to read the answer. */
const lingerMs = 1_000;
const methodPattern = /^[A-Z]+ /;

/** Answers a client that speaks plain HTTP where TLS is spoken, and closes the connection of any other client. */
export function answerPlainHttp(raw: Socket, first: Buffer, clock: Clock): void {
  if (!methodPattern.test(first.subarray(0, 20).toString('latin1'))) {
    raw.destroy();
    return;
  }
  // What was sent is read to its end: the system would reset the connection, and the client would lose the answer.
  raw.resume();
  raw.end(answer);
  const timer = clock.setTimer(lingerMs, () => raw.destroy());
  raw.once('close', () => timer.cancel());
}
