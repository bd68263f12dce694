import { connect, type Socket } from 'node:net';
import { expect, it } from 'vitest';
import { raw } from '../testing/raw.ts';
import { startScriptedGateway } from '../testing/scripted-gateway.ts';
import { until } from '../testing/until.ts';

/** A client can pipeline requests, close its sending half, break off a body, or disconnect. */

const body = JSON.stringify({ model: 'm', messages: [{ role: 'user', content: 'hi' }] });
const local = 'Host: 127.0.0.1\r\n';
const post = (path = '/api/chat', version = '1.1'): string =>
  `POST ${path} HTTP/${version}\r\n${local}Content-Length: ${body.length}\r\n\r\n${body}`;
const whole = { contentType: 'application/json; charset=utf-8' };

function bodiesOf(text: string): string[] {
  return text
    .split(/HTTP\/1\.1 \d{3} [^]*?\r\n\r\n/)
    .slice(1)
    .filter((part) => part !== '');
}

it('answers valid requests on a connection before an invalid one that follows them', async () => {
  await using setup = await startScriptedGateway();
  const answer = raw(setup.gateway.port, `GET / HTTP/1.1\r\n${local}\r\n${post()}BAD\r\n\r\nmore\r\n\r\n`);
  const call = await setup.fleet.next();
  call.head(whole);
  call.lines('{"done":true}');
  call.end();
  const { text } = await answer;
  expect(bodiesOf(text)).toEqual(['Ollama is running', '{"done":true}', '400 Bad Request']);
});

it('answers pipelined requests in their order, even if the second answer is ready first', async () => {
  await using setup = await startScriptedGateway();
  const answer = raw(setup.gateway.port, `${post()}GET / HTTP/1.1\r\n${local}Connection: close\r\n\r\n`);
  const call = await setup.fleet.next();
  call.head(whole);
  call.lines('{"done":true}');
  call.end();
  expect(bodiesOf((await answer).text)).toEqual(['{"done":true}', 'Ollama is running']);
});

it('cancels all pipelined requests of a connection whose client disconnects', async () => {
  await using setup = await startScriptedGateway({ maxConcurrentRequests: 2 });
  const socket = await open(setup.gateway.port, post() + post());
  const calls = [await setup.fleet.next(), await setup.fleet.next()];
  socket.destroy();
  await until(() => calls.every(({ signal }) => signal.aborted), 'both cancels', 1_000);
  const next = setup.post('/api/chat', body);
  (await setup.fleet.next()).fail('no-host');
  expect(await (await next).json()).toEqual({ error: 'no-host' });
});

it.each(['/api/chat', '/v1/chat/completions'])(
  'sends the whole answer on %s to a client that closed its sending half, however long it takes',
  async (path) => {
    await using setup = await startScriptedGateway();
    const { received, answer } = halfClosed(setup.gateway.port, post(path));
    const call = await setup.fleet.next();
    // More probes than the connection of a client that is gone survives.
    await until(() => received().split('100 Continue').length > 3, 'three probes');
    expect(call.signal.aborted).toBe(false);
    call.head(whole);
    call.lines('{"model":"m","message":{"role":"assistant","content":"hello"},"done":true}');
    call.end();
    const text = await answer;
    expect(text).toMatch(/^(HTTP\/1\.1 100 Continue\r\n\r\n)*HTTP\/1\.1 200 OK\r\n/);
    expect(text).toContain('hello');
  },
);

it('writes nothing before a quick answer to a client that closed its sending half', async () => {
  await using setup = await startScriptedGateway();
  const { text } = await raw(setup.gateway.port, `GET / HTTP/1.1\r\n${local}\r\n`, { fin: true });
  expect(text).toMatch(/^HTTP\/1\.1 200 OK\r\n/);
  expect(text).toMatch(/Ollama is running$/);
});

it('continues a stream whose client closed its sending half, also while the stream is silent', async () => {
  await using setup = await startScriptedGateway();
  const { received, answer } = halfClosed(setup.gateway.port, post());
  const call = await setup.fleet.next();
  call.head();
  call.lines('{"n":1,"done":false}');
  await until(() => received().split('\r\n1\r\n\n').length > 2, 'two empty lines');
  call.lines('{"n":2,"done":true}');
  call.end();
  const lines = (await answer).split(/\r?\n/).filter((line) => line.startsWith('{'));
  expect(lines).toEqual(['{"n":1,"done":false}', '{"n":2,"done":true}']);
});

it.each([
  ['before the head', false],
  ['in a silent stream', true],
])('cancels within a second for a client that closes its connection %s', async (_where, streams) => {
  await using setup = await startScriptedGateway();
  const socket = await open(setup.gateway.port, post());
  const call = await setup.fleet.next();
  if (streams) {
    call.head();
    call.lines('{"done":false}');
    await new Promise((resolve) => socket.once('data', resolve));
  }
  socket.destroy();
  await until(() => call.signal.aborted, 'the cancel', 1_000);
});

it('treats an HTTP/1.0 client that closes its sending half as gone, as Ollama treats every client', async () => {
  await using setup = await startScriptedGateway();
  const answer = raw(setup.gateway.port, post('/api/chat', '1.0'), { fin: true });
  const call = await setup.fleet.next();
  await until(() => call.signal.aborted, 'the cancel', 1_000);
  expect((await answer).status).toBe(499);
});

it.each([
  ['/api/chat', 'Content-Length: 500', '{"model":', '{"error":"unexpected EOF"}'],
  ['/api/chat', 'Content-Length: 500', '', '{"error":"unexpected EOF"}'],
  ['/v1/chat/completions', 'Transfer-Encoding: chunked', '5\r\n{"mod', '{"error":"unexpected EOF"}'],
  // Here Ollama reads the whole body first, so complete JSON in a short body is refused too.
  ['/v1/completions', 'Content-Length: 500', '{"model":"m","prompt":"x"}', '{"error":"unexpected EOF"}'],
  ['/api/chat', 'Transfer-Encoding: chunked', 'zz\r\n', '{"error":"invalid byte in chunk length"}'],
])('answers 400 on %s (%s) to a body that breaks off after %j', async (path, length, sent, expected) => {
  await using setup = await startScriptedGateway();
  const head = `POST ${path} HTTP/1.1\r\n${local}${length}\r\n\r\n`;
  const { status, text } = await raw(setup.gateway.port, head + sent, { fin: true });
  expect(status).toBe(400);
  expect(text).toMatch(/\r\nConnection: close\r\n/i);
  expect(bodiesOf(text)).toEqual([expected]);
});

it('serves a body that is shorter than announced if its JSON is complete', async () => {
  await using setup = await startScriptedGateway();
  const head = `POST /api/chat HTTP/1.1\r\n${local}Content-Length: 500\r\n\r\n`;
  const answer = raw(setup.gateway.port, head + body, { fin: true });
  const call = await setup.fleet.next();
  expect(call.body).toBe(body);
  call.head(whole);
  call.lines('{"done":true}');
  call.end();
  expect((await answer).text).toMatch(/\r\n\r\n\{"done":true\}$/);
});

it('answers 408 in the dialect of the route to a body that does not arrive in time', async () => {
  await using setup = await startScriptedGateway({ headersTimeoutMs: 100, bodyTimeoutMs: 200 });
  const head = `POST /api/chat HTTP/1.1\r\n${local}Content-Length: 500\r\n\r\n`;
  const { status, text } = await raw(setup.gateway.port, `${head}{`);
  expect(status).toBe(408);
  expect(text).toContain('{"error":"the request body did not arrive in time"}');
});

it('sends no second answer when the rest of an unread body breaks off', async () => {
  await using setup = await startScriptedGateway();
  const head = `POST /nosuch HTTP/1.1\r\n${local}Content-Length: 500\r\n\r\n`;
  const { text } = await raw(setup.gateway.port, `${head}{`, { fin: true });
  expect(text.match(/HTTP\/1\.1 /g)).toHaveLength(1);
  expect(text).toMatch(/404 page not found$/);
});

it.each([
  ['POST /nosuch', 404],
  ['PUT /api/chat', 405],
])('does not send 100 Continue for %s, whose body it does not read', async (line, status) => {
  await using setup = await startScriptedGateway();
  const head = `${line} HTTP/1.1\r\n${local}Expect: 100-continue\r\nContent-Length: 500\r\n\r\n`;
  const answer = await raw(setup.gateway.port, head);
  expect(answer.status).toBe(status);
  expect(answer.text).toMatch(/\r\nConnection: close\r\n/i);
});

it.each([
  ['BREW /api/chat', 405, 'Allow: POST'],
  ['get /api/version', 405, 'Allow: HEAD, GET'],
  ['BREW /nosuch', 404, '404 page not found'],
  ['B(REW /nosuch', 400, '400 Bad Request'],
])('accepts %s as a method, as Go does', async (line, status, part) => {
  await using setup = await startScriptedGateway();
  const answer = await raw(setup.gateway.port, `${line} HTTP/1.1\r\n${local}\r\n`);
  expect(answer.status).toBe(status);
  expect(answer.text).toContain(part);
});

async function open(port: number, bytes: string): Promise<Socket> {
  return await new Promise((resolve, reject) => {
    const socket = connect(port, '127.0.0.1', () => {
      socket.write(bytes, () => resolve(socket));
    });
    socket.on('error', reject);
  });
}

/** Sends bytes, closes the sending half and continues to read. */
function halfClosed(port: number, bytes: string): { received: () => string; answer: Promise<string> } {
  let text = '';
  const answer = new Promise<string>((resolve, reject) => {
    const socket = connect({ port, host: '127.0.0.1', allowHalfOpen: true }, () => socket.end(bytes));
    socket.setEncoding('utf8').on('data', (part: string) => (text += part));
    socket.on('error', reject);
    socket.on('close', () => resolve(text));
  });
  return { received: () => text, answer };
}
