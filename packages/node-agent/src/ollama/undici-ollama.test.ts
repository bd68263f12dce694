import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { systemClock } from '@drover/actor-core';
import { afterEach, expect, it } from 'vitest';
import { type OllamaAddress, readOllamaAddress } from './ollama-address.ts';
import type { Ollama } from './ollama.ts';
import { connectOllama } from './undici-ollama.ts';

const ends: (() => void)[] = [];
afterEach(() => {
  for (const end of ends.splice(0)) end();
});

const timeout = { timeoutMs: 2_000 };

async function serve(
  answer: (request: IncomingMessage, response: ServerResponse) => void,
): Promise<{ port: number; hosts: string[] }> {
  const hosts: string[] = [];
  const server = createServer((request, response) => {
    hosts.push(request.headers.host ?? '');
    answer(request, response);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  ends.push(() => {
    server.closeAllConnections();
    server.close();
  });
  return { port: (server.address() as AddressInfo).port, hosts };
}

function connectTo(url: string): Ollama {
  const address = readOllamaAddress(url) as OllamaAddress;
  const ollama = connectOllama(address, systemClock, { connectMs: 1_000, maxIdle: 2 });
  ends.push(() => ollama.close());
  return ollama;
}

const version = (response: ServerResponse): void => {
  response.setHeader('content-type', 'application/json');
  response.end('{"version":"0.31.1"}');
};

it('sends a proxy that routes by name the name of the address', async () => {
  const { port, hosts } = await serve((request, response) => {
    if (request.headers.host !== `127.0.0.1:${port}`) response.statusCode = 404;
    version(response);
  });
  const ollama = connectTo(`http://127.0.0.1:${port}`);
  expect((await ollama.ask('GET', '/api/version', timeout)).status).toBe(200);
  expect(hosts).toEqual([`127.0.0.1:${port}`]);
});

it('sends Host localhost to an Ollama that refuses the name of its address, also for later posts', async () => {
  const { port, hosts } = await serve((request, response) => {
    if (request.headers.host === `localhost:${port}`) return version(response);
    response.statusCode = 403;
    response.end();
  });
  const ollama = connectTo(`http://127.0.0.1:${port}`);
  expect((await ollama.ask('GET', '/api/version', timeout)).status).toBe(200);
  expect((await ollama.ask('GET', '/api/tags', timeout)).status).toBe(200);
  const status = await new Promise<number>((resolve, reject) => {
    let head = 0;
    ollama.post('/api/chat', Buffer.from('{}'), {
      onHead: (answer) => {
        head = answer.status;
      },
      onData: () => undefined,
      onEnd: () => resolve(head),
      onError: reject,
    });
  });
  expect(status).toBe(200);
  const [own, local] = [`127.0.0.1:${port}`, `localhost:${port}`];
  expect(hosts).toEqual([own, local, local, local]);
});

it('returns a 403 as the answer when both names are refused, or when the 403 has a body', async () => {
  const refusing = await serve((_, response) => {
    response.statusCode = 403;
    response.end();
  });
  expect(
    (await connectTo(`http://127.0.0.1:${refusing.port}`).ask('GET', '/api/version', timeout)).status,
  ).toBe(403);
  expect(refusing.hosts).toHaveLength(2);
  const speaking = await serve((_, response) => {
    response.statusCode = 403;
    response.setHeader('content-type', 'text/html');
    response.end('<h1>Forbidden</h1>');
  });
  expect(
    (await connectTo(`http://127.0.0.1:${speaking.port}`).ask('GET', '/api/version', timeout)).status,
  ).toBe(403);
  expect(speaking.hosts).toHaveLength(1);
});

it('puts the base path before each route and sends user and password, which no error shows', async () => {
  const seen: (string | undefined)[] = [];
  const { port } = await serve((request, response) => {
    seen.push(request.url, request.headers.authorization);
    version(response);
  });
  const ollama = connectTo(`http://ada:p%40ss@127.0.0.1:${port}/gpu/1/`);
  await ollama.ask('GET', '/api/version', timeout);
  expect(seen).toEqual(['/gpu/1/api/version', `Basic ${Buffer.from('ada:p@ss').toString('base64')}`]);
  expect(ollama.url).toBe(`http://127.0.0.1:${port}/gpu/1`);
  const gone = connectTo('http://ada:p%40ss@127.0.0.1:1/gpu/1/');
  const error = await gone.ask('GET', '/api/version', timeout).catch((cause: unknown) => cause);
  // Only the field has the address, for logs: the message can reach a client.
  expect(error).toMatchObject({ url: 'http://127.0.0.1:1/gpu/1' });
  expect(String(error)).not.toContain('127.0.0.1');
  expect(JSON.stringify(error) + String(error)).not.toMatch(/p%40ss|p@ss|ada/);
});
