import { createServer, type RequestListener } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, expect, it } from 'vitest';
import { waitUntilReady } from './readiness.ts';

const servers: ReturnType<typeof createServer>[] = [];

afterEach(() => {
  for (const server of servers.splice(0)) {
    server.close();
    server.closeAllConnections();
  }
});

async function setup(listener: RequestListener) {
  const server = createServer(listener);
  servers.push(server);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  return waitUntilReady({
    url,
    firstRequestModel: 'sim-chat',
    instances: 0,
    timeoutMs: 400,
    key: undefined,
    tls: undefined,
    signal: new AbortController().signal,
  });
}

const silentChat: RequestListener = (request, response) => {
  if (request.url === '/readyz') response.end('ok');
};

const refusing: RequestListener = (_request, response) => {
  response.statusCode = 503;
  response.end('no host');
};

it('names the request that had no answer when the fleet does not get ready in time', async () => {
  await expect(setup(silentChat)).rejects.toThrow(
    /the fleet was not ready within 0.4 s: the first request, a chat of one token with sim-chat, had no answer/,
  );
});

it('names what was refused when the fleet does not get ready in time', async () => {
  await expect(setup(refusing)).rejects.toThrow('/readyz answered 503 no host');
});
