import { createServer, request, type Server } from 'node:http';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Cluster, startCluster, stopLeftovers } from '../lib/cluster.ts';
import { startCount } from '../lib/count-stream.ts';
import { waitUntil } from '../lib/wait-until.ts';

afterAll(stopLeftovers);

describe('bad input', () => {
  let cluster: Cluster;
  beforeAll(async () => {
    cluster = await startCluster(['--sim', '1', '--slots', '4']);
  });

  it('gets a clear error in its dialect and disturbs no other request', async () => {
    const neighbour = startCount(cluster.url, { upTo: 200 });
    await neighbour.reached(3);
    const post = async (path: string, body: string): Promise<[number, unknown]> => {
      const response = await fetch(cluster.url + path, { method: 'POST', body });
      return [response.status, await response.json()];
    };
    expect(await post('/api/chat', '{"model":')).toEqual([400, { error: expect.any(String) as string }]);
    expect(await post('/api/chat', '{}')).toEqual([400, { error: 'model is required' }]);
    expect(await post('/api/chat', '{"model":7}')).toEqual([
      400,
      { error: expect.stringContaining('model') as string },
    ]);
    expect(await post('/api/chat', '{"model":"nope","messages":[]}')).toEqual([
      404,
      { error: "model 'nope' not found" },
    ]);
    expect((await post('/v1/chat/completions', '{"model":'))[0]).toBe(400);
    expect(
      await post('/v1/chat/completions', '{"model":"nope","messages":[{"role":"user","content":"x"}]}'),
    ).toEqual([
      404,
      { error: { message: "model 'nope' not found", type: 'not_found_error', param: null, code: null } },
    ]);
    const typed = await post(
      '/v1/chat/completions',
      '{"model":"sim-count","messages":[{"role":"user","content":"x"}],"temperature":"hot"}',
    );
    expect(typed).toEqual([
      400,
      { error: expect.objectContaining({ type: 'invalid_request_error' }) as object },
    ]);
    expect((await post('/api/v1/agents/spawn', '{"type":5}'))[1]).toMatchObject({ error: { field: 'type' } });
    expect((await post('/api/v1/agents/spawn', 'nonsense'))[0]).toBe(400);

    const unknown = await fetch(`${cluster.url}/no/such/route`);
    expect([unknown.status, await unknown.text()]).toEqual([404, '404 page not found']);
    const method = await fetch(`${cluster.url}/api/chat`);
    expect([method.status, await method.text(), method.headers.get('allow')]).toEqual([
      405,
      '405 method not allowed',
      'POST',
    ]);
    expect((await neighbour.outcome).ending).toBe('complete');
  });

  it('with a body of 100 MB is refused before the body is read, with and without a length', async () => {
    const announced = await send(cluster.url, { 'content-length': String(100 * 2 ** 20) }, undefined);
    expect(announced.status).toBe(413);
    expect(JSON.parse(announced.body)).toMatchObject({ error: expect.any(String) as string });
    const chunked = await send(cluster.url, { 'transfer-encoding': 'chunked' }, 100 * 2 ** 20);
    expect(chunked.status).toBe(413);
    expect((await startCount(cluster.url, { upTo: 3 }).outcome).ending).toBe('complete');
  });
});

describe('an Ollama that answers HTML', () => {
  it('makes a clear error and never shows its HTML', async () => {
    const server: Server = createServer((incoming, response) => {
      incoming.resume();
      response
        .writeHead(200, { 'content-type': 'text/html' })
        .end('<html><body>Welcome to the router</body></html>');
    });
    await new Promise<void>((resolve) => {
      server.listen(0, '127.0.0.1', resolve);
    });
    const address = server.address();
    const url = `http://127.0.0.1:${typeof address === 'object' && address !== null ? address.port : 0}`;
    const html = await startCluster(['--ollama', url]).catch((error: Error) => error);
    if (html instanceof Error) {
      expect(html.message).toMatch(/not an Ollama|HTML|does not answer/i);
    } else {
      const answer = await waitUntil('an answer', async () => startCount(html.url, { upTo: 3 }).outcome);
      expect(answer.ending).toBe('error-frame');
      expect(answer.detail).not.toContain('<html>');
      await html.stop();
    }
    server.close();
  });
});

/** POSTs with raw headers; writes up to `bytes` of body while the server accepts them. */
function send(
  baseUrl: string,
  headers: Record<string, string>,
  bytes: number | undefined,
): Promise<{ status: number; body: string }> {
  const { promise, resolve, reject } = Promise.withResolvers<{ status: number; body: string }>();
  const call = request(
    new URL('/api/chat', baseUrl),
    { method: 'POST', headers, agent: false },
    (response) => {
      let body = '';
      response.setEncoding('utf8').on('data', (text: string) => {
        body += text;
      });
      response.on('end', () => {
        resolve({ status: response.statusCode ?? 0, body });
        call.destroy();
      });
    },
  );
  call.on('error', reject);
  call.flushHeaders();
  if (bytes !== undefined) {
    const piece = Buffer.alloc(2 ** 20, 0x20);
    let left = bytes;
    const write = (): void => {
      while (left > 0 && !call.destroyed) {
        left -= piece.length;
        if (!call.write(piece)) {
          call.once('drain', write);
          return;
        }
      }
      if (!call.destroyed) call.end();
    };
    write();
  }
  return promise;
}
