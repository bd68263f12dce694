import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

/** Proxy in front of a simulated host: passes probes on, and can answer POST requests itself. */
export interface FrontHost {
  readonly url: string;
  /** Number of POST requests so far. */
  readonly posts: number;
  /** Answers each POST from now on; undefined passes them on. */
  answer(instead: ((response: ServerResponse) => void) | undefined): void;
  close(): Promise<void>;
}

export async function startFrontHost(target: string): Promise<FrontHost> {
  let posts = 0;
  let instead: ((response: ServerResponse) => void) | undefined;
  const pass = async (request: IncomingMessage, response: ServerResponse, body: Buffer): Promise<void> => {
    const post = request.method === 'POST';
    const upstream = await fetch(target + (request.url ?? '/'), {
      method: request.method ?? 'GET',
      ...(post && { body, headers: { 'content-type': 'application/json' } }),
    });
    const type = upstream.headers.get('content-type') ?? 'application/json';
    const simulated = upstream.headers.get('x-drover-simulated');
    response.writeHead(upstream.status, {
      'content-type': type,
      ...(simulated !== null && { 'x-drover-simulated': simulated }),
    });
    response.end(Buffer.from(await upstream.arrayBuffer()));
  };
  const server = createServer((request, response) => {
    const parts: Buffer[] = [];
    request.on('data', (part: Buffer) => parts.push(part));
    request.on('end', () => {
      if (request.method === 'POST') posts += 1;
      if (request.method === 'POST' && instead !== undefined) instead(response);
      else pass(request, response, Buffer.concat(parts)).catch(() => response.destroy());
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    get posts() {
      return posts;
    },
    answer: (next) => {
      instead = next;
    },
    close: async () => {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
