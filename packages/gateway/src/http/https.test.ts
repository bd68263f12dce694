import { once } from 'node:events';
import type { IncomingMessage } from 'node:http';
import { request } from 'node:https';
import { connect as connectPlain } from 'node:net';
import { type ConnectionOptions, connect, type TLSSocket } from 'node:tls';
import { createTestAuthority } from '@drover/actor-core/testing';
import { describe, expect, it, onTestFinished } from 'vitest';
import { createTestKeys } from '../testing/key-setup.ts';
import { raw } from '../testing/raw.ts';
import { startScriptedGateway } from '../testing/scripted-gateway.ts';
import { createTlsSetup } from '../testing/tls-setup.ts';
import { until } from '../testing/until.ts';

interface Client extends ConnectionOptions {
  readonly cert?: string;
  readonly key?: string;
  readonly headers?: Record<string, string>;
}

/** Status and body of a request on a connection of its own. */
async function get(url: string, path: string, { headers = {}, ...tls }: Client) {
  const call = request(url + path, { agent: false, headers, ...tls });
  call.end();
  const [response] = (await once(call, 'response')) as [IncomingMessage];
  let text = '';
  for await (const part of response) text += String(part);
  return { status: response.statusCode, text };
}

async function open(port: number, options: ConnectionOptions): Promise<TLSSocket> {
  const socket = connect({ port, host: '127.0.0.1', ...options });
  onTestFinished(() => void socket.destroy());
  socket.on('error', () => undefined);
  await once(socket, 'secureConnect');
  return socket;
}

const chat = { model: 'm', messages: [{ role: 'user', content: 'hi' }] };
const chatText = JSON.stringify(chat);
const chatHead = `POST /api/chat HTTP/1.1\r\nHost: localhost\r\nContent-Length: ${chatText.length}\r\n\r\n`;
const plainGet = 'GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n';

describe('a gateway with a certificate', () => {
  const { authority, paths, issued, replace } = createTlsSetup();
  const ca = authority.cert;
  const tls = { tlsCert: paths.tlsCert, tlsKey: paths.tlsKey };

  it('serves HTTPS, and says so in its address', async () => {
    await using setup = await startScriptedGateway(tls);
    expect(setup.url).toMatch(/^https:/);
    expect(await get(setup.url, '/healthz', { ca })).toEqual({ status: 200, text: '{"ok":true}' });
  });

  it('answers plain HTTP with a clear 400', async () => {
    await using setup = await startScriptedGateway(tls);
    const { status, text } = await raw(setup.gateway.port, plainGet);
    expect(status).toBe(400);
    expect(text).toContain('Client sent an HTTP request to an HTTPS server.');
  });

  it('closes the connection of a client that speaks neither', async () => {
    await using setup = await startScriptedGateway(tls);
    expect((await raw(setup.gateway.port, '\0\x01garbage')).text).toBe('');
  });

  it('speaks TLS 1.2 and 1.3, and nothing older', async () => {
    await using setup = await startScriptedGateway(tls);
    const { port } = setup.gateway;
    for (const version of ['TLSv1.2', 'TLSv1.3'] as const) {
      const socket = await open(port, { ca, minVersion: version, maxVersion: version });
      expect(socket.getProtocol()).toBe(version);
    }
    const old = connect({ port, ca, minVersion: 'TLSv1', maxVersion: 'TLSv1.1', ciphers: 'ALL@SECLEVEL=0' });
    const [error] = (await once(old, 'error')) as [NodeJS.ErrnoException];
    expect(error.code).toMatch(/PROTOCOL_VERSION|NO_PROTOCOLS/);
  });

  it('gives a changed certificate to new connections, while a stream on an old one goes on', async () => {
    await using setup = await startScriptedGateway(tls);
    const old = await open(setup.gateway.port, { ca });
    let text = '';
    old.on('data', (part: Buffer) => {
      text += part.toString();
    });
    old.write(chatHead + chatText);
    const call = await setup.fleet.next();
    call.say('before');
    await until(() => text.includes('before'), 'the first line');
    replace(authority.issue({ commonName: 'next', names: ['127.0.0.1'] }));
    const subjects = new Set<unknown>();
    await until(async () => {
      const socket = await open(setup.gateway.port, { ca });
      subjects.add(socket.getPeerCertificate().subject.CN);
      socket.destroy();
      return subjects.has('next');
    }, 'the changed certificate');
    call.say('after');
    call.finish();
    await until(() => text.includes('after'), 'the last line');
    replace(issued);
    expect(subjects).toContain('gateway');
  });

  it('counts connections whose handshake is not over, and closes the idlest for a new one', async () => {
    await using setup = await startScriptedGateway({ ...tls, maxConcurrentRequests: 2, maxConnections: 5 });
    const { port } = setup.gateway;
    const silent = await Promise.all(
      Array.from({ length: 5 }, async () => {
        const socket = connectPlain(port, '127.0.0.1');
        await once(socket, 'connect');
        return socket;
      }),
    );
    const closed = Promise.race(silent.map((socket) => once(socket, 'close')));
    for (const socket of silent) socket.on('error', () => undefined).resume();
    expect((await get(setup.url, '/healthz', { ca })).status).toBe(200);
    await closed;
    for (const socket of silent) socket.destroy();
  });

  it('closes a connection that does not finish its handshake in time', async () => {
    await using setup = await startScriptedGateway({ ...tls, headersTimeoutMs: 100 });
    for (const bytes of ['', '\x16\x03\x01']) {
      const socket = connectPlain(setup.gateway.port, '127.0.0.1');
      if (bytes !== '') socket.write(bytes, 'latin1');
      socket.on('error', () => undefined).resume();
      await once(socket, 'close');
    }
  });

  it('closes a connection whose headers do not arrive in time', async () => {
    await using setup = await startScriptedGateway({ ...tls, headersTimeoutMs: 1_000 });
    const socket = await open(setup.gateway.port, { ca });
    socket.write('GET / HTTP/1.1\r\n');
    const [part] = (await once(socket, 'data')) as [Buffer];
    expect(part.toString()).toContain('408 Request Timeout');
  });

  it('ends the request of a client that leaves', async () => {
    await using setup = await startScriptedGateway(tls);
    const socket = await open(setup.gateway.port, { ca });
    socket.write(chatHead + chatText);
    const call = await setup.fleet.next();
    socket.destroy();
    await until(() => call.signal.aborted, 'the end of the call');
  });
});

describe('a gateway that requires certificates of clients', () => {
  const { authority, paths, issued } = createTlsSetup();
  const ca = authority.cert;
  const client = authority.issue({ commonName: 'ci', usage: 'client' });

  it('serves a client with a certificate of the authority', async () => {
    await using setup = await startScriptedGateway(paths);
    expect((await get(setup.url, '/healthz', { ca, ...client })).status).toBe(200);
  });

  it.each([
    ['no certificate', {}],
    ['a certificate of another authority', createTestAuthority().issue({ usage: 'client' })],
    [
      'a certificate that has expired',
      authority.issue({ usage: 'client', validTo: new Date(Date.now() - 1_000) }),
    ],
    ['a certificate for servers', authority.issue({ usage: 'server' })],
  ])('refuses a client with %s', async (_what, shown) => {
    await using setup = await startScriptedGateway(paths);
    await expect(get(setup.url, '/healthz', { ca, ...shown })).rejects.toThrow(/hang up|ECONNRESET|alert/);
  });

  it('serves a client that shows the certificate of the gateway itself', async () => {
    await using setup = await startScriptedGateway(paths);
    expect((await get(setup.url, '/healthz', { ca, ...issued })).status).toBe(200);
  });

  it('measures the wait of its own clients', async () => {
    await using setup = await startScriptedGateway(paths);
    const refused = setup.logs.filter(({ message }) => message.includes('refused'));
    expect(refused).toEqual([]);
  });

  it('lets a client in without a certificate where one is only requested, and refuses a wrong one', async () => {
    await using setup = await startScriptedGateway({ ...paths, tlsClient: 'request' });
    expect((await get(setup.url, '/healthz', { ca })).status).toBe(200);
    const wrong = createTestAuthority().issue({ usage: 'client' });
    await expect(get(setup.url, '/healthz', { ca, ...wrong })).rejects.toThrow(/hang up|ECONNRESET/);
  });

  it('knows a client by its certificate as the key with that name', async () => {
    const test = await createTestKeys({ ci: { roles: ['viewer'] }, admin: { roles: ['admin'] } });
    await using setup = await startScriptedGateway({ ...paths, keys: test.keys });
    const ask = (path: string, shown: object, headers = {}) =>
      get(setup.url, path, { ca, ...shown, headers });
    expect((await ask('/api/v1/status', client)).status).toBe(200);
    expect((await ask('/api/v1/keys', client)).status).toBe(403);
    // Clients that need some text as a key send one.
    expect((await ask('/api/v1/status', client, { authorization: 'Bearer ollama' })).status).toBe(200);
    // A key goes before the certificate.
    const key = { authorization: `Bearer ${test.texts.admin}` };
    expect((await ask('/api/v1/keys', client, key)).status).toBe(200);
    const stranger = authority.issue({ commonName: 'stranger', usage: 'client' });
    expect(await ask('/api/v1/status', stranger)).toMatchObject({
      status: 401,
      text: expect.stringContaining('certificate-unknown') as string,
    });
    // The gateway's own certificate passes the handshake, but is no identity.
    expect((await ask('/api/v1/status', issued)).status).toBe(401);
    test.close();
  });
});
