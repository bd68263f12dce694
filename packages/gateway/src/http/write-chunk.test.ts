import { IncomingMessage, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import { Duplex } from 'node:stream';
import { expect, it } from 'vitest';
import { writeChunk } from './write-chunk.ts';

/** A response on a socket that keeps each write as the list of its parts. */
function startResponse(httpVersion: '1.0' | '1.1'): {
  response: ServerResponse;
  writes: string[][];
} {
  const writes: string[][] = [];
  const socket = new Duplex({
    read: () => undefined,
    write: (part: Buffer, _encoding, done) => {
      writes.push([part.toString()]);
      done();
    },
    writev: (parts, done) => {
      writes.push(parts.map(({ chunk }: { chunk: Buffer }) => chunk.toString()));
      done();
    },
  }) as unknown as Socket;
  const request = new IncomingMessage(socket);
  request.httpVersionMajor = 1;
  request.httpVersionMinor = httpVersion === '1.0' ? 0 : 1;
  const response = new ServerResponse(request);
  response.assignSocket(socket);
  return { response, writes };
}

const turn = (): Promise<void> => new Promise((resolve) => void setImmediate(resolve));

it('passes one part to the socket for each chunk after the first', async () => {
  const { response, writes } = startResponse('1.1');
  writeChunk(response, 'first\n');
  await turn();
  writes.length = 0;
  writeChunk(response, 'second\n');
  await turn();
  expect(writes).toEqual([['7\r\nsecond\n\r\n']]);
});

it('counts bytes, not characters, and ends the answer with the last chunk', async () => {
  const { response, writes } = startResponse('1.1');
  writeChunk(response, 'a\n');
  writeChunk(response, 'é €😀\n');
  writeChunk(response, '');
  writeChunk(response, 'ÿ\n');
  response.end();
  await turn();
  const text = writes.flat().join('');
  expect(text.slice(text.indexOf('\r\n\r\n') + 4)).toBe(
    ['2', 'a\n', 'b', 'é €😀\n', '3', 'ÿ\n', '0', '', ''].join('\r\n'),
  );
});

it('writes no chunks to an HTTP/1.0 client', async () => {
  const { response, writes } = startResponse('1.0');
  writeChunk(response, 'a\n');
  writeChunk(response, 'b\n');
  response.end();
  await turn();
  expect(writes.flat().join('')).toMatch(/\r\n\r\na\nb\n$/);
});
