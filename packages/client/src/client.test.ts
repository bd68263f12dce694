import { once } from 'node:events';
import { readdirSync, readFileSync } from 'node:fs';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { expect, it } from 'vitest';
import { DroverClient } from './client.ts';
import { CallDeadlineError, hasCode, InvalidAnswerError, UnreachableError } from './errors.ts';

type Answer = (request: IncomingMessage, response: ServerResponse) => void;

/** A server that gives its answers one after the other, and the last one for good. */
async function setup(...answers: Answer[]) {
  const seen: IncomingMessage[] = [];
  const server = createServer((request, response) => {
    seen.push(request);
    (answers.length > 1 ? answers.shift() : answers[0])?.(request, response);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  return {
    seen,
    client: new DroverClient({ url, key: 'secret', timeoutMs: 5_000 }),
    hasty: new DroverClient({ url, timeoutMs: 100, idleTimeoutMs: 100, maxAttempts: 2 }),
    [Symbol.asyncDispose]: async () => {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
}

const json =
  (status: number, body: unknown, headers: Record<string, string> = {}): Answer =>
  (_, response) => {
    response.writeHead(status, { 'content-type': 'application/json', ...headers });
    response.end(JSON.stringify(body));
  };
const failure = (status: number, code: string, headers?: Record<string, string>): Answer =>
  json(status, { error: { code, message: 'no', requestId: 'r' } }, headers);
const cut: Answer = (_, response) => response.destroy();
const silent: Answer = () => {};

it('sends the key, fills in the path, and reads the answer', async () => {
  await using s = await setup(json(200, { id: 'a/b', status: 'ready' }));
  expect(await s.client.agents.get('a/b')).toEqual({ id: 'a/b', status: 'ready' });
  const [request] = s.seen;
  expect([request?.method, request?.url, request?.headers.authorization]).toEqual([
    'GET',
    '/api/v1/agents/a%2Fb',
    'Bearer secret',
  ]);
});

it('types errors by their codes', async () => {
  await using s = await setup(failure(404, 'agent-not-found'));
  const error = await s.client.agents.get('x').catch((reason: unknown) => reason);
  expect(hasCode(error, 'agent-not-found', 'agent-busy')).toBe(true);
  expect(hasCode(error, 'agent-busy')).toBe(false);
  expect(error).toMatchObject({ status: 404, requestId: 'r' });
});

it('waits for retry-after and sends again', async () => {
  const later = { 'retry-after': '1', 'retry-after-ms': '20' };
  await using s = await setup(
    failure(429, 'rate-limited', later),
    failure(503, 'no-leader', later),
    cut,
    json(201, { id: 'a' }),
  );
  expect(await s.client.agents.spawn({ type: 'assistant' })).toEqual({ id: 'a' });
  const keys = s.seen.map(({ headers }) => headers['idempotency-key']);
  expect([keys.length, new Set(keys).size]).toEqual([4, 1]);
});

it('sends a task once if its connection is lost', async () => {
  await using s = await setup(cut);
  await expect(s.client.agents.task('a', { input: 'x' })).rejects.toThrow(UnreachableError);
  await expect(s.client.queues.put('q', 1)).rejects.toThrow(UnreachableError);
  expect(s.seen).toHaveLength(2);
});

it('ends a call at its deadline or with the signal of the caller', async () => {
  await using s = await setup(silent);
  await expect(s.hasty.status()).rejects.toThrow(CallDeadlineError);
  const controller = new AbortController();
  const call = s.client.status({ signal: controller.signal });
  controller.abort(new Error('enough'));
  await expect(call).rejects.toThrow('enough');
});

it('refuses an answer of another server', async () => {
  await using s = await setup((_, response) => response.end('<html>'));
  await expect(s.client.status()).rejects.toThrow(InvalidAnswerError);
});

it('reads all pages of a list', async () => {
  await using s = await setup(
    json(200, { agents: [{ id: '1' }, { id: '2' }], cursor: 'c' }),
    json(200, { agents: [{ id: '3' }] }),
  );
  const ids = [];
  for await (const { id } of s.client.agents.list({ type: 't', limit: 2 })) ids.push(id);
  expect(ids).toEqual(['1', '2', '3']);
  expect(s.seen.map(({ url }) => url?.split('?')[1])).toEqual(['type=t&limit=2', 'type=t&limit=2&cursor=c']);
});

/** Sends events, and ends or cuts the stream afterwards. */
function events(sequences: readonly number[], isCut: boolean): Answer {
  return (_, response) => {
    response.writeHead(200, { 'content-type': 'text/event-stream' });
    const text = sequences.map((n) => `id: ${n}\nevent: e\ndata: {"type":"e","sequence":${n}}\n\n`).join('');
    response.write(`id: 4\n\n${text}`, () => (isCut ? response.destroy() : response.end()));
  };
}

it('goes on with events after the last sequence where the stream was cut', async () => {
  await using s = await setup(events([5, 6], true), failure(503, 'store-unavailable'), events([7], false));
  const seen = [];
  for await (const event of s.client.events({ since: '1h', types: ['a', 'b.*'], follow: false }))
    seen.push('sequence' in event ? event.sequence : event);
  expect(seen).toEqual([5, 6, 7]);
  expect(s.seen.map(({ url }) => url?.split('?')[1])).toEqual([
    'since=1h&type=a%2Cb.*&follow=false',
    'after=6&type=a%2Cb.*&follow=false',
    'after=6&type=a%2Cb.*&follow=false',
  ]);
});

it('cuts off a stream in which nothing comes, and gives up after all attempts', async () => {
  await using s = await setup((_, response) => response.writeHead(200).flushHeaders());
  await expect(s.hasty.events().next()).rejects.toThrow(CallDeadlineError);
  expect(s.seen).toHaveLength(2);
});

it('throws the error of a task that fails in the middle, and tells the run of one that was cut', async () => {
  const started = 'event: started\ndata: {"runId":"r1","node":"n"}\n\n';
  const failing = 'event: failed\ndata: {"error":{"code":"deadline","message":"late"}}\n\n';
  await using s = await setup(
    (_, response) => response.end(started + failing),
    (_, response) => response.write(started, () => response.destroy()),
  );
  const read = async (): Promise<void> => {
    for await (const _ of s.client.agents.stream('a', { input: 'x' }));
  };
  await expect(read()).rejects.toMatchObject({ name: 'RequestError', code: 'deadline' });
  await expect(read()).rejects.toMatchObject({ name: 'StreamCutError', runId: 'r1' });
});

it('goes on with a pull whose connection was cut, and throws the error of the job', async () => {
  await using s = await setup(
    (_, response) => response.write('{"status":"pulling"}\n', () => response.destroy()),
    (_, response) => response.end('{"status":"verifying"}\n{"error":"no space"}\n'),
  );
  const seen: string[] = [];
  const pull = async (): Promise<void> => {
    for await (const { status } of s.client.models.pull('m', { nodes: ['a', 'b'] })) seen.push(status);
  };
  await expect(pull()).rejects.toMatchObject({ code: 'job-failed', message: 'job-failed: no space' });
  expect(seen).toEqual(['pulling', 'verifying']);
  expect(s.seen[0]?.url).toBe('/api/pull?host=a&host=b');
});

it('answers undefined for a key of the memory without a value', async () => {
  await using s = await setup(failure(404, 'not-found'));
  expect(await s.client.memory.get('global', 'k')).toBeUndefined();
});

it('lets the compiler refuse wrong routes, parts that are missing, and fields that do not exist', async () => {
  await using s = await setup(json(200, {}));
  // @ts-expect-error -- no such route
  await s.client.call('GET /api/v1/nothing');
  // @ts-expect-error -- without its path
  await expect(s.client.call('GET /api/v1/agents/{id}')).rejects.toThrow(TypeError);
  const agent = await s.client.call('GET /api/v1/agents/{id}', { path: { id: 'a' } });
  // @ts-expect-error -- no such field
  expect(agent.idd).toBeUndefined();
});

it('refuses options and parts of a path that cannot work', async () => {
  expect(() => new DroverClient({ url: 'localhost:1' })).toThrow(TypeError);
  expect(() => new DroverClient({ timeoutMs: 0 })).toThrow('timeoutMs');
  await expect(new DroverClient().agents.get('..')).rejects.toThrow(TypeError);
});

it('imports nothing but its own files, so that it works in browsers', () => {
  const folder = new URL('.', import.meta.url);
  const files = (readdirSync(folder, { recursive: true }) as string[]).filter(
    (file) => file.endsWith('.ts') && !file.endsWith('.test.ts'),
  );
  expect(files.length).toBeGreaterThan(15);
  for (const file of files) {
    const text = readFileSync(new URL(file, folder), 'utf8').replaceAll(/\/\*[\s\S]*?\*\/|\/\/.*/g, '');
    const imported = [...text.matchAll(/\b(?:from|import)\s*\(?\s*'([^']+)'/g)].map(([, name]) => name);
    expect(imported.filter((name) => name?.startsWith('.') !== true)).toEqual([]);
    expect(text).not.toMatch(/\b(process|Buffer|require|setImmediate|NodeJS|global)\b\s*[.(]/);
  }
});
