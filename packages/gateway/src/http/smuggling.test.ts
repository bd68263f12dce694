import { afterAll, beforeAll, expect, it } from 'vitest';
import { raw } from '../testing/raw.ts';
import { startScriptedGateway } from '../testing/scripted-gateway.ts';

/** Requests that two HTTP parsers could read in two ways, or that a web page could have a browser send. */

let gateway: Awaited<ReturnType<typeof startScriptedGateway>>;
beforeAll(async () => {
  gateway = await startScriptedGateway();
});
afterAll(async () => {
  await gateway[Symbol.asyncDispose]();
});

const local = 'Host: 127.0.0.1\r\n';
const hidden = 'GET /api/version HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n';

/** Statuses of all answers to these bytes, in their order. */
async function statusesOf(bytes: string): Promise<number[]> {
  const { text } = await raw(gateway.gateway.port, bytes, { fin: true });
  return [...text.matchAll(/^HTTP\/1\.[01] (\d{3}) /gm)].map(([, status]) => Number(status));
}

const post = `POST /api/v1/nosuch HTTP/1.1\r\n${local}`;

it.each([
  ['both lengths', 'Content-Length: 4\r\nTransfer-Encoding: chunked\r\n', `0\r\n\r\n`],
  ['both lengths, in the other order', 'Transfer-Encoding: chunked\r\nContent-Length: 4\r\n', `0\r\n\r\n`],
  ['two lengths that differ', 'Content-Length: 0\r\nContent-Length: 5\r\n', ''],
  ['the same length twice', 'Content-Length: 0\r\nContent-Length: 0\r\n', ''],
  ['a list of lengths', 'Content-Length: 0, 5\r\n', ''],
  ['a length with a sign', 'Content-Length: +0\r\n', ''],
  ['a negative length', 'Content-Length: -1\r\n', ''],
  ['a hexadecimal length', 'Content-Length: 0x0\r\n', ''],
  ['a length that overflows', 'Content-Length: 18446744073709551616\r\n', ''],
  ['a space before the colon', 'Content-Length : 0\r\n', ''],
  ['a coding with a space before the colon', 'Transfer-Encoding : chunked\r\n', '0\r\n\r\n'],
  ['a coding that only looks like chunked', 'Transfer-Encoding: xchunked\r\n', '0\r\n\r\n'],
  ['chunked, but not last', 'Transfer-Encoding: chunked, identity\r\n', '0\r\n\r\n'],
  ['chunked twice', 'Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n', '0\r\n\r\n'],
  ['a folded header', 'X-One: a\r\n b\r\nContent-Length: 0\r\n', ''],
  ['a folded coding', 'Transfer-Encoding:\r\n chunked\r\n', '0\r\n\r\n'],
  ['a bare line feed', 'X-One: a\nContent-Length: 0\r\n', ''],
  ['a bare carriage return', 'X-One: a\rContent-Length: 0\r\n', ''],
  ['a NUL in a header', 'X-One: a\0b\r\nContent-Length: 0\r\n', ''],
])('serves nothing that stands behind a request with %s', async (_, headers, body) => {
  const statuses = await statusesOf(`${post}${headers}\r\n${body}${hidden}`);
  expect(statuses).toHaveLength(1);
  expect([400, 501]).toContain(statuses[0]);
});

it.each([
  ['a chunk with a hexadecimal prefix', '0x0\r\n\r\n'],
  ['a chunk whose size overflows', 'FFFFFFFFFFFFFFFFF\r\n\r\n'],
  ['a chunk that ends with a line feed', '1\na\n0\n\n'],
])('closes the connection after a request with %s', async (_, body) => {
  // The path is unknown, so the answer does not wait for the body.
  expect(await statusesOf(`${post}Transfer-Encoding: chunked\r\n\r\n${body}${hidden}`)).toEqual([404]);
});

it.each([
  [
    'a body of a GET',
    `GET /api/nosuch HTTP/1.1\r\n${local}Content-Length: ${hidden.length}\r\n\r\n${hidden}`,
  ],
  ['a body that is refused', `${post}Content-Length: ${hidden.length}\r\n\r\n${hidden}`],
  [
    'an extension of a chunk',
    `${post}Transfer-Encoding: chunked\r\n\r\n1;a="GET / HTTP/1.1"\r\na\r\n0\r\n\r\n`,
  ],
  ['a trailer', `${post}Transfer-Encoding: chunked\r\n\r\n0\r\nHost: evil.test\r\nX: GET / HTTP/1.1\r\n\r\n`],
])('does not take %s for a request', async (_, bytes) => {
  expect(await statusesOf(bytes)).toEqual([404]);
});

it('takes no connection over: no tunnel, no other protocol', async () => {
  const tunnel = await statusesOf(`CONNECT evil.test:80 HTTP/1.1\r\nHost: evil.test:80\r\n\r\n${hidden}`);
  expect(tunnel).not.toContain(200);
  const upgrade =
    'Connection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AAMAAABkAAQAAP__\r\n';
  expect(await statusesOf(`GET / HTTP/1.1\r\n${local}${upgrade}\r\n`)).toEqual([200]);
});

it.each([
  ['127.0.0.1:1', 200],
  ['[::1]:11500', 200],
  ['[::1]', 200],
  ['LOCALHOST:11500', 200],
  ['app.localhost', 200],
  ['10.1.2.3', 200],
  ['evil.test', 403],
  ['evil.test:11500', 403],
  ['localhost.evil.test', 403],
  ['127.0.0.1.evil.test', 403],
  ['localhost.', 403],
  ['localhost:1:2', 403],
  ['localhost,evil.test', 403],
  ['evil.test.', 403],
  ['8.8.8.8', 403],
  ['[2001:db8::1]', 403],
  ['2130706433', 403],
  ['0x7f000001', 403],
  ['127.1', 403],
  ['evil.test@localhost', 400],
  ['localhost/evil', 400],
  ['localhost\tevil', 400],
])('answers a request for the host %s with %i on loopback', async (host, status) => {
  expect(await statusesOf(`GET / HTTP/1.1\r\nHost: ${host}\r\nConnection: close\r\n\r\n`)).toEqual([status]);
});

it.each([
  ['Origin: null', 403],
  ['Origin: https://evil.test', 403],
  ['Origin: http://127.0.0.1.evil.test', 403],
  ['Origin: http://evil.test:11500', 403],
  ['Origin: http://localhost, https://evil.test', 403],
  ['Origin: https://evil.test\r\nOrigin: http://localhost', 403],
  ['Origin: http://localhost\r\nOrigin: https://evil.test', 403],
  ['Origin: //localhost', 403],
  ['Origin: http://localhost@evil.test', 403],
  ['Origin: http://localhost:3000', 404],
  ['Origin: http://127.0.0.1', 404],
])('answers a change from a page with %j with %i, before its route', async (origin, status) => {
  const request = `DELETE /api/v1/nosuch HTTP/1.1\r\n${local}${origin}\r\nConnection: close\r\n\r\n`;
  expect(await statusesOf(request)).toEqual([status]);
});

it('refuses a page that has its own name resolve to this machine, also over a WebSocket', async () => {
  const page = 'Host: evil.test\r\nOrigin: http://evil.test\r\n';
  const socket =
    'Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n';
  const close = 'Connection: close\r\n';
  expect(await statusesOf(`POST /api/chat HTTP/1.1\r\n${page}${close}Content-Length: 0\r\n\r\n`)).toEqual([
    403,
  ]);
  expect(await statusesOf(`GET http://evil.test/ HTTP/1.1\r\n${local}${close}\r\n`)).toEqual([403]);
  for (const from of [page, `${local}Origin: https://evil.test\r\n`, `${local}Origin: null\r\n`])
    expect(await statusesOf(`GET /api/agents/ws HTTP/1.1\r\n${from}${socket}\r\n`)).toEqual([403]);
});
