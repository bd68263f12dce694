import { connect, type Socket } from 'node:net';
import { expect, it, onTestFinished } from 'vitest';
import { startScriptedGateway } from '../testing/scripted-gateway.ts';

/** A client that sends its whole body before it reads must still see the answer that refuses the body. */

const mebibyte = Buffer.alloc(2 ** 20, 0x20);
const local = 'Host: 127.0.0.1\r\n';
/** More than the buffers of the kernel hold. */
const sentBytes = 20 * 2 ** 20;

interface Sent {
  readonly text: string;
  /** What failed while the body was written, undefined if all of it was taken. */
  readonly error: string | undefined;
  readonly writtenBytes: number;
}

it.each([
  ['a chunked body above the limit', '/api/chat', 'Transfer-Encoding: chunked\r\n', 413],
  ['an announced body above the limit', '/v1/messages', `Content-Length: ${sentBytes}\r\n`, 413],
  ['a body for an unknown route', '/no/such/route', `Content-Length: ${sentBytes}\r\n`, 404],
  ['a chunked body for a wrong method', '/api/tags', 'Transfer-Encoding: chunked\r\n', 405],
  ['a body with two hosts', '/api/chat', `Host: other\r\nContent-Length: ${sentBytes}\r\n`, 400],
  ['a body with an unknown expectation', '/api/chat', 'Expect: tea\r\nContent-Length: 20971520\r\n', 417],
  ['a body that is no chunk', '/api/chat', 'Transfer-Encoding: chunked\r\n', 400],
])(
  'gives the whole answer to a client that sends %s before it reads',
  async (title, path, header, status) => {
    await using setup = await startScriptedGateway({ maxBodyBytes: 2 ** 20 });
    const isRaw = header.includes('Length') || title.includes('no chunk');
    const { text, error, writtenBytes } = await sendAll(
      setup.gateway.port,
      `POST ${path} HTTP/1.1\r\n${local}${header}\r\n`,
      isRaw ? mebibyte : chunk(mebibyte),
    );
    expect(error).toBeUndefined();
    expect(text).toMatch(new RegExp(`^HTTP/1.1 ${status} [^]*\r\nConnection: close\r\n`, 'i'));
    const length = Number(/content-length: (\d+)/i.exec(text)?.[1]);
    expect(text.split('\r\n\r\n')[1]?.length).toBe(length);
    expect(writtenBytes).toBeGreaterThan(sentBytes);
  },
);

it('serves no request that follows a refused body on its connection', async () => {
  await using setup = await startScriptedGateway({ maxBodyBytes: 2 ** 20 });
  const inner = `GET /healthz HTTP/1.1\r\n${local}\r\n`;
  const { text } = await sendAll(
    setup.gateway.port,
    `POST /api/chat HTTP/1.1\r\n${local}Content-Length: ${sentBytes}\r\n\r\n`,
    mebibyte,
    inner,
  );
  expect(text.match(/HTTP\/1.1 \d{3}/g)).toEqual(['HTTP/1.1 413']);
});

/** Writes the head, all pieces and `last` without reading, closes the sending half, and reads the answer. */
async function sendAll(port: number, head: string, piece: Buffer, last = ''): Promise<Sent> {
  const socket = connect({ port, host: '127.0.0.1', allowHalfOpen: true });
  onTestFinished(() => void socket.destroy());
  socket.pause();
  const errors: string[] = [];
  socket.on('error', (cause: NodeJS.ErrnoException) => {
    errors.push(cause.code ?? cause.message);
  });
  await written(socket, Buffer.from(head));
  for (let index = 0; index < sentBytes / mebibyte.length && errors.length === 0; index += 1)
    await written(socket, piece);
  const writtenBytes = socket.bytesWritten;
  socket.end(last);
  const parts: Buffer[] = [];
  socket.on('data', (part: Buffer) => parts.push(part)).resume();
  if (!socket.closed) await new Promise<void>((resolve) => socket.once('close', () => resolve()));
  return { text: Buffer.concat(parts).toString(), error: errors[0], writtenBytes };
}

async function written(socket: Socket, bytes: Buffer): Promise<void> {
  await new Promise<void>((resolve) => socket.write(bytes, () => resolve()));
}

function chunk(bytes: Buffer): Buffer {
  return Buffer.concat([Buffer.from(`${bytes.length.toString(16)}\r\n`), bytes, Buffer.from('\r\n')]);
}
