import type { ServerResponse } from 'node:http';
import { connect, type NatsConnection } from '@nats-io/transport-node';
import { fastify } from 'fastify';
import { Agent, request } from 'undici';

/**
 * Usage: three-hop-main agent NATS_URL HOST_URL GATHER_MS | three-hop-main gateway NATS_URL. Reports in a line of JSON
 * that it is ready.
 */
const [role, servers = '', hostUrl = '', gatherMs = '0'] = process.argv.slice(2);

/** `[id, status, type]` begins an answer, `[id, text]` continues it and `[id]` ends it. */
type Part =
  | readonly [id: number, status: number, type: string]
  | readonly [id: number, text: string]
  | readonly [id: number];

const bus = await connect({ servers });
const url = role === 'agent' ? await serveAgent(bus) : await serveGateway(bus);
process.stdout.write(`${JSON.stringify({ event: 'ready', url })}\n`);

async function serveAgent(nats: NatsConnection): Promise<string> {
  const dispatcher = new Agent({ connections: 4_096, pipelining: 1 });
  const waitMs = Number(gatherMs);
  let parts: Part[] = [];
  let timer: NodeJS.Timeout | undefined;
  const send = (): void => {
    timer = undefined;
    const gathered = parts;
    parts = [];
    nats.publish('gateway', Buffer.from(JSON.stringify(gathered)));
  };
  const say = (part: Part): void => {
    parts.push(part);
    if (waitMs === 0) send();
    else timer ??= setTimeout(send, waitMs);
  };
  const run = async (id: number, body: string): Promise<void> => {
    try {
      const answer = await request(`${hostUrl}/api/chat`, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body,
        dispatcher,
      });
      say([id, answer.statusCode, String(answer.headers['content-type'])]);
      answer.body.setEncoding('utf8');
      for await (const text of answer.body) say([id, text as string]);
    } catch {
      say([id, 502, 'text/plain']);
    }
    say([id]);
  };
  nats.subscribe('agent', {
    callback: (_error, message) => {
      const { id, body } = JSON.parse(Buffer.from(message.data).toString()) as { id: number; body: string };
      void run(id, body);
    },
  });
  await nats.flush();
  return '';
}

function serveGateway(nats: NatsConnection): Promise<string> {
  const calls = new Map<number, ServerResponse>();
  let lastId = 0;
  nats.subscribe('gateway', {
    callback: (_error, message) => {
      for (const part of JSON.parse(Buffer.from(message.data).toString()) as Part[]) {
        const response = calls.get(part[0]);
        if (response === undefined) continue;
        if (part.length === 3) response.writeHead(part[1], { 'content-type': part[2] });
        else if (part.length === 2) response.write(part[1]);
        else {
          calls.delete(part[0]);
          response.end();
        }
      }
    },
  });
  const app = fastify();
  app.get('/api/version', () => ({ version: '0.33.0' }));
  app.post('/*', (incoming, reply) => {
    reply.hijack();
    lastId += 1;
    const id = lastId;
    calls.set(id, reply.raw);
    reply.raw.on('close', () => calls.delete(id));
    nats.publish('agent', Buffer.from(JSON.stringify({ id, body: JSON.stringify(incoming.body) })));
  });
  return app.listen({ port: 0, host: '127.0.0.1' });
}
