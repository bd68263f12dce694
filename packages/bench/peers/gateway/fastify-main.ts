import { fastify } from 'fastify';
import { Agent, request } from 'undici';

/** Usage: fastify-main HOST_URL. Reports its URL in a line of JSON. */
const [hostUrl = ''] = process.argv.slice(2);
const dispatcher = new Agent({ connections: 4_096, pipelining: 1 });
const app = fastify();

app.all('/*', async (incoming, reply) => {
  const gone = new AbortController();
  reply.raw.on('close', () => {
    if (!reply.raw.writableFinished) gone.abort();
  });
  const answer = await request(hostUrl + incoming.url, {
    method: incoming.method as 'GET' | 'POST',
    headers: { 'content-type': 'application/json' },
    body: incoming.body === undefined ? null : JSON.stringify(incoming.body),
    dispatcher,
    signal: gone.signal,
  });
  return reply
    .code(answer.statusCode)
    .header('content-type', answer.headers['content-type'])
    .send(answer.body);
});

const url = await app.listen({ port: 0, host: '127.0.0.1' });
process.stdout.write(`${JSON.stringify({ event: 'ready', url })}\n`);
