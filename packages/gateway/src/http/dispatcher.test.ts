import { once } from 'node:events';
import { request } from 'node:http';
import { connect } from 'node:net';
import { text as readText } from 'node:stream/consumers';
import { it, expect } from 'vitest';
import { raw } from '../testing/raw.ts';
import { startScriptedGateway } from '../testing/scripted-gateway.ts';

const chat = { model: 'm', messages: [{ role: 'user', content: 'hi' }] };

it('refuses an announced body that is too large before reading it', async () => {
  await using setup = await startScriptedGateway({ maxBodyBytes: 1_000 });
  const { text, status } = await raw(
    setup.gateway.port,
    'POST /api/chat HTTP/1.1\r\nHost: localhost\r\nContent-Length: 100000000\r\n\r\n',
  );
  expect(status).toBe(413);
  expect(text).toContain('{"error":"http: request body too large: the limit is 1000 bytes"}');
});

it('refuses a chunked body at the limit', async () => {
  await using setup = await startScriptedGateway({ maxBodyBytes: 1_000 });
  const piece = `400\r\n${'x'.repeat(1_024)}\r\n`;
  const { text, status } = await raw(
    setup.gateway.port,
    `POST /v1/chat/completions HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n${piece}`,
  );
  expect(status).toBe(413);
  expect(text).toContain('"type":"api_error"');
});

it('reads and drops the rest of a large body after a 413, so that the client sees the answer', async () => {
  await using setup = await startScriptedGateway({ maxBodyBytes: 1_000_000 });
  const response = await setup.post('/api/chat', 'x'.repeat(30_000_000));
  expect(response.status).toBe(413);
});

it('refuses requests above the limit of concurrent requests with 503, and still answers health checks', async () => {
  await using setup = await startScriptedGateway({ maxConcurrentRequests: 1 });
  const first = setup.post('/api/chat', chat);
  const call = await setup.fleet.next();
  const second = await setup.post('/v1/chat/completions', chat);
  expect(second.status).toBe(503);
  expect(second.headers.get('retry-after')).toBe('1');
  expect(await second.json()).toMatchObject({ error: { type: 'api_error' } });
  expect((await fetch(`${setup.url}/healthz`)).status).toBe(200);
  call.fail('no-host');
  await first;
});

it('disconnects a client that does not read a whole answer, whose bytes would stay in memory', async () => {
  await using setup = await startScriptedGateway({ readerTimeoutMs: 200 });
  const socket = connect(setup.gateway.port, '127.0.0.1').pause();
  const body = JSON.stringify({ ...chat, stream: false });
  socket.write(`POST /api/chat HTTP/1.1\r\nHost: localhost\r\nContent-Length: ${body.length}\r\n\r\n${body}`);
  const call = await setup.fleet.next();
  const left = new Promise((resolve) => call.signal.addEventListener('abort', resolve));
  call.head({ contentType: 'application/json; charset=utf-8' });
  call.lines(JSON.stringify({ text: 'x'.repeat(30_000_000) }));
  call.end();
  await left;
  socket.destroy();
});

it('answers input that is not HTTP as Go does', async () => {
  await using setup = await startScriptedGateway();
  const { text, status } = await raw(setup.gateway.port, 'hello\r\n\r\n');
  expect(status).toBe(400);
  expect(text).toMatch(/400 Bad Request$/);
});

it('closes a connection whose headers do not arrive in time', async () => {
  await using setup = await startScriptedGateway({ headersTimeoutMs: 100 });
  const { status } = await raw(setup.gateway.port, 'GET / HTTP/1.1\r\nHost: loc');
  expect(status).toBe(408);
});

it('answers unknown routes and wrong methods in the format of the dialect that owns the path', async () => {
  await using setup = await startScriptedGateway();
  const unknown = await fetch(`${setup.url}/api/v1/nothing`);
  expect(unknown.status).toBe(404);
  expect(await unknown.json()).toMatchObject({
    error: { code: 'no-such-route', requestId: unknown.headers.get('x-drover-request-id') },
  });
  const wrong = await fetch(`${setup.url}/api/v1/agents/spawn`, { method: 'PUT' });
  expect(wrong.status).toBe(405);
  expect(wrong.headers.get('allow')).toBe('POST');
  expect(await wrong.json()).toMatchObject({ error: { code: 'method-not-allowed' } });
  const ollamaLike = await fetch(`${setup.url}/api/chat`);
  expect(ollamaLike.status).toBe(405);
  expect(await ollamaLike.text()).toBe('405 method not allowed');
});

it('allows exactly the browser pages that Ollama allows', async () => {
  await using setup = await startScriptedGateway({ origins: ['https://*.example.org'] });
  const ask = (origin: string, method = 'GET'): ReturnType<typeof raw> =>
    raw(
      setup.gateway.port,
      `${method} / HTTP/1.1\r\nHost: 127.0.0.1\r\nOrigin: ${origin}\r\nConnection: close\r\n\r\n`,
    );
  const local = await ask('http://localhost:3000');
  expect(local.status).toBe(200);
  expect(local.text).toContain('Access-Control-Allow-Origin: http://localhost:3000\r\nVary: Origin');
  expect((await ask('https://chat.example.org')).status).toBe(200);
  expect((await ask('https://evil.test')).status).toBe(403);
  expect((await ask('null')).status).toBe(403);
  const preflight = await ask('http://localhost:3000', 'OPTIONS');
  expect(preflight.status).toBe(204);
  expect(preflight.text).toContain('Access-Control-Max-Age: 43200');
});

it('refuses a public Host name on a loopback address', async () => {
  await using setup = await startScriptedGateway();
  const ask = async (host: string, method = 'GET'): Promise<number> =>
    (await raw(setup.gateway.port, `${method} / HTTP/1.1\r\nHost: ${host}\r\nConnection: close\r\n\r\n`))
      .status;
  expect(await ask('example.org')).toBe(403);
  expect(await ask('gpu1')).toBe(403);
  expect(await ask('8.8.8.8:11500')).toBe(403);
  expect(await ask('localhost:1234')).toBe(200);
  expect(await ask('192.168.1.7:11500')).toBe(200);
  expect(await ask('[::1]:11500')).toBe(200);
  expect(await ask('a.internal')).toBe(200);
  expect(await ask('localhost', 'OPTIONS')).toBe(204);
  expect(await ask('127.0.0.1', 'OPTIONS')).toBe(405);
});

it('accepts the configured host names', async () => {
  await using setup = await startScriptedGateway({ allowedHosts: ['llm.example.org'] });
  const { status } = await raw(
    setup.gateway.port,
    'GET / HTTP/1.1\r\nHost: LLM.example.org:443\r\nConnection: close\r\n\r\n',
  );
  expect(status).toBe(200);
});

it.each([413, 404, 403])(
  'lets a client that writes on after a %i, and reads later, see the whole answer',
  async (expected) => {
    await using setup = await startScriptedGateway({ maxBodyBytes: 1_024 });
    const path = expected === 404 ? '/nowhere' : '/api/chat';
    const host = expected === 403 ? 'evil.test' : 'localhost';
    const socket = connect(setup.gateway.port, '127.0.0.1');
    const failures: Error[] = [];
    socket.on('error', (error) => failures.push(error)).pause();
    const piece = `10000\r\n${'x'.repeat(65_536)}\r\n`;
    socket.write(`POST ${path} HTTP/1.1\r\nHost: ${host}\r\nTransfer-Encoding: chunked\r\n\r\n`);
    for (let sent = 0; sent < 256; sent += 1) if (!socket.write(piece)) await once(socket, 'drain');
    socket.write('0\r\n\r\n');
    const answer = await readText(socket.resume());
    expect(failures).toEqual([]);
    expect(answer).toMatch(new RegExp(`^HTTP/1.1 ${expected} `));
  },
);

it('keeps a connection open if the unread body is short', async () => {
  await using setup = await startScriptedGateway();
  const post = 'POST /nosuch HTTP/1.1\r\nHost: localhost\r\nContent-Length: 3\r\n';
  const { text } = await raw(setup.gateway.port, `${post}\r\nabc${post}Connection: close\r\n\r\nabc`);
  expect(text.match(/404 page not found/g)).toHaveLength(2);
});

it('finishes running streams before it stops, if they end in time', async () => {
  await using setup = await startScriptedGateway();
  const answer = setup.post('/api/chat', chat);
  const call = await setup.fleet.next();
  call.head();
  call.lines('{"done":false}');
  const response = await answer;
  const stopped = setup.gateway.stop({ drainTimeoutMs: 5_000 });
  call.lines('{"done":true}');
  call.end();
  expect(await response.text()).toBe('{"done":false}\n{"done":true}\n');
  await stopped;
  await expect(fetch(setup.url)).rejects.toThrow();
});

it('ends streams that do not finish in time with an error frame of their dialect', async () => {
  await using setup = await startScriptedGateway();
  const native = setup.post('/api/chat', chat);
  const nativeCall = await setup.fleet.next();
  const openAi = setup.post('/v1/chat/completions', { ...chat, stream: true });
  const openAiCall = await setup.fleet.next();
  const queued = setup.post('/api/chat', chat);
  await setup.fleet.next();
  for (const call of [nativeCall, openAiCall]) {
    call.head();
    call.lines('{"message":{"content":"a"},"done":false}');
  }
  const [first, second] = await Promise.all([native, openAi]);
  await setup.gateway.stop({ drainTimeoutMs: 20 });
  expect(await first.text()).toMatch(/\n\{"error":"the gateway is stopping"\}\n$/);
  expect(await second.text()).toMatch(/data: \{"error":\{"message":"the gateway is stopping".*\}\}\n\n$/);
  expect((await queued).status).toBe(503);
  expect((await queued).headers.get('retry-after')).toBe('1');
  expect(nativeCall.signal.aborted).toBe(true);
});

it('reports an address in use with a stable code', async () => {
  await using setup = await startScriptedGateway();
  const { port } = setup.gateway;
  await expect(startScriptedGateway({ port })).rejects.toMatchObject({ code: 'address-in-use', port });
});

it('sends 100 Continue only for a body that it accepts', async () => {
  await using setup = await startScriptedGateway({ maxBodyBytes: 1_000 });
  const ask = async (length: number): Promise<string> =>
    await new Promise((resolve) => {
      const sent = request(`${setup.url}/api/chat`, {
        method: 'POST',
        headers: { Expect: '100-continue', 'Content-Length': length },
      });
      sent.on('continue', () => {
        resolve('continue');
        sent.destroy();
      });
      sent.on('response', ({ statusCode }) => resolve(String(statusCode)));
      sent.on('error', () => undefined);
      sent.flushHeaders();
    });
  expect(await ask(500)).toBe('continue');
  expect(await ask(5_000)).toBe('413');
});
