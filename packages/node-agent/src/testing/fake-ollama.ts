import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';

/** One request to the fake Ollama, with its socket for faults below HTTP. */
export interface FakeExchange {
  readonly path: string;
  readonly host: string;
  readonly body: string;
  readonly response: ServerResponse;
  readonly socket: Socket;
  /** True once the client has closed the connection of this request. */
  readonly left: () => boolean;
}

export type FakeHandler = (exchange: FakeExchange) => void;

/** A small HTTP server that answers probes like an Ollama; a test answers all other requests. */
export interface FakeOllama {
  readonly url: string;
  /** Posted requests, in order. */
  readonly exchanges: readonly FakeExchange[];
  /** Paths of the probes so far. */
  readonly probes: readonly string[];
  /** Answers to the probes by path: a value is sent as JSON, a function writes the answer itself. */
  readonly answers: Record<'/api/version' | '/api/tags' | '/api/ps', unknown>;
  connections(): number;
  close(): Promise<void>;
}

export const ndjson = { 'content-type': 'application/x-ndjson' };

/** @param handler answers each POST */
export async function startFakeOllama(
  handler: FakeHandler,
  models: readonly string[] = ['m:latest'],
): Promise<FakeOllama> {
  const exchanges: FakeExchange[] = [];
  const probes: string[] = [];
  const sockets = new Set<Socket>();
  let connections = 0;
  const answers: FakeOllama['answers'] = {
    '/api/version': { version: '0.0.0-fake' },
    '/api/tags': { models: models.map((name) => ({ name, digest: `digest of ${name}`, size: 1_000 })) },
    '/api/ps': { models: [] },
  };
  const server = createServer((request, response) => {
    const path = request.url ?? '';
    if (request.method === 'GET') {
      probes.push(path);
      answerProbe(answers[path as keyof typeof answers], response);
      return;
    }
    readBody(request, (body) => {
      let left = false;
      response.on('close', () => {
        left = !response.writableFinished;
      });
      const exchange: FakeExchange = {
        path,
        host: request.headers.host ?? '',
        body,
        response,
        socket: request.socket,
        left: () => left,
      };
      exchanges.push(exchange);
      handler(exchange);
    });
  });
  server.on('connection', (socket) => {
    connections += 1;
    sockets.add(socket);
    socket.on('close', () => sockets.delete(socket));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    exchanges,
    probes,
    answers,
    connections: () => connections,
    async close() {
      for (const socket of sockets) socket.destroy();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

function answerProbe(answer: unknown, response: ServerResponse): void {
  if (typeof answer === 'function') {
    (answer as (response: ServerResponse) => void)(response);
    return;
  }
  response.writeHead(200, { 'content-type': 'application/json; charset=utf-8' });
  response.end(JSON.stringify(answer));
}

function readBody(request: IncomingMessage, done: (body: string) => void): void {
  const parts: Buffer[] = [];
  request.on('data', (part: Buffer) => parts.push(part));
  request.on('end', () => done(Buffer.concat(parts).toString('utf8')));
}
