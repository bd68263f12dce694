import { createServer, type ServerResponse } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';

/** A POST request, given to the script. */
export interface ScriptedPost {
  readonly path: string;
  readonly body: Record<string, unknown>;
  /** Number of the request, from 1. */
  readonly number: number;
  /** Sends NDJSON lines; the first call also sends the head. */
  say(...lines: object[]): void;
  end(line: object): void;
}

/** An Ollama with one loaded model that answers probes itself and each POST by its script. */
export interface ScriptedHost {
  readonly url: string;
  readonly posts: readonly ScriptedPost[];
  close(): Promise<void>;
}

export async function startScriptedHost(
  model: string,
  script: (post: ScriptedPost) => void,
): Promise<ScriptedHost> {
  const entry = { name: `${model}:latest`, model: `${model}:latest`, digest: model, size: 1_000 };
  const answers: Record<string, unknown> = {
    '/api/version': { version: '0.33.0' },
    '/api/tags': { models: [entry] },
    '/api/ps': { models: [{ ...entry, context_length: 4_096, expires_at: '2099-01-01T00:00:00Z' }] },
  };
  const posts: ScriptedPost[] = [];
  const sockets = new Set<Socket>();
  const server = createServer((request, response) => {
    const path = request.url ?? '';
    if (request.method !== 'POST') {
      response.writeHead(200, { 'content-type': 'application/json; charset=utf-8' });
      response.end(JSON.stringify(answers[path] ?? {}));
      return;
    }
    let text = '';
    request.setEncoding('utf8').on('data', (part: string) => {
      text += part;
    });
    request.on('end', () => {
      const post = postOf(path, JSON.parse(text) as Record<string, unknown>, posts.length + 1, response);
      posts.push(post);
      script(post);
    });
  });
  server.on('connection', (socket) => {
    sockets.add(socket);
    socket.on('close', () => sockets.delete(socket));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    posts,
    close: async () => {
      for (const socket of sockets) socket.destroy();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

function postOf(
  path: string,
  body: Record<string, unknown>,
  number: number,
  response: ServerResponse,
): ScriptedPost {
  const say = (...lines: object[]): void => {
    if (!response.headersSent) response.writeHead(200, { 'content-type': 'application/x-ndjson' });
    for (const line of lines) response.write(`${JSON.stringify(line)}\n`);
  };
  return {
    path,
    body,
    number,
    say,
    end: (line) => {
      say(line);
      response.end();
    },
  };
}
