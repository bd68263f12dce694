import { createServer, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, expect, it } from 'vitest';
import type { GatewayAddress } from './gateway-address.ts';
import {
  followMemory,
  getValue,
  listValues,
  type MemoryChange,
  putValue,
  removeValue,
} from './memory-api.ts';

const ends: (() => void)[] = [];
afterEach(() => {
  for (const end of ends.splice(0)) end();
});

interface Answer {
  readonly status?: number;
  readonly headers?: Record<string, string>;
  readonly body?: string;
}

/** A server that gives the next of the answers to each request, and remembers the requests. */
async function answering(
  ...answers: readonly Answer[]
): Promise<{ gateway: GatewayAddress; requests: IncomingMessage[] }> {
  const requests: IncomingMessage[] = [];
  const server = createServer((request, response) => {
    const { status = 200, headers = {}, body = '' } = answers[requests.length] ?? {};
    requests.push(request);
    response.writeHead(status, headers).end(body);
  });
  ends.push(() => server.close());
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  return { gateway: { url, origin: 'from --url' }, requests };
}

it('encodes scope and key, and sends the preconditions', async () => {
  const { gateway, requests } = await answering({ status: 201, headers: { etag: '"7"' }, body: '{}' });
  const outcome = await putValue(gateway, 'session:a/b', 'k/1 ü', {
    value: Buffer.from('x'),
    contentType: 'text/plain',
    policy: 'merge:max',
    ttl: 5_000,
    ifMatch: 6,
  });
  expect(outcome).toEqual({ revision: 7, created: true, superseded: false });
  expect(requests[0]).toMatchObject({
    method: 'PUT',
    url: '/api/v1/memory/session:a%2Fb/k%2F1%20%C3%BC?ttlMs=5000&policy=merge%3Amax',
    headers: { 'if-match': '"6"', 'content-type': 'text/plain' },
  });
});

it('reads a value with its facts', async () => {
  const headers = { etag: '"9"', 'x-drover-memory-read': 'cached', 'x-drover-memory-age-ms': '12' };
  const { gateway } = await answering({ headers, body: 'hello' });
  const { value, ...facts } = await getValue(gateway, 'global', 'a', 'cached');
  expect(Buffer.from(value).toString()).toBe('hello');
  expect(facts).toMatchObject({ revision: 9, read: 'cached', ageMs: 12 });
});

it.each([
  ['not-found', 404, 1],
  ['revision-mismatch', 412, 1],
  ['policy-mismatch', 409, 1],
  ['write-unknown', 503, 3],
])('reports %s with its exit code', async (code, status, exitCode) => {
  const body = JSON.stringify({ error: { code, message: 'why', requestId: 'r' } });
  const { gateway } = await answering({ status, body });
  await expect(removeValue(gateway, 'global', 'a', undefined)).rejects.toMatchObject({ exitCode });
});

it.each(['key', 'ttlMs'])('names the argument for the field %s', async (field) => {
  const body = JSON.stringify({ error: { code: 'invalid-input', message: `${field}: is odd`, field } });
  const { gateway } = await answering({ status: 400, body });
  await expect(getValue(gateway, 'global', 'a', 'leader')).rejects.toMatchObject({
    exitCode: 2,
    message: field === 'key' ? 'KEY is odd' : '--ttl is odd',
  });
});

const page = (key: string, cursor?: string): Answer => ({
  body: JSON.stringify({ items: [{ key, revision: 1, bytes: 2 }], cursor }),
});

it('reads all pages of a list, or as many keys as are asked for', async () => {
  const first = await answering(page('a', 'c1'), page('b'));
  expect((await listValues(first.gateway, 'global', 'x')).map(({ key }) => key)).toEqual(['a', 'b']);
  expect(first.requests[1]?.url).toBe('/api/v1/memory/global?prefix=x&limit=1000&cursor=c1');
  const second = await answering(page('a', 'c1'), page('b'));
  expect(await listValues(second.gateway, 'global', '', 1)).toHaveLength(1);
});

it('reports events until the gateway ends the stream', async () => {
  const body =
    ': watching\n\nid: 3\nevent: put\ndata: {"type":"put","key":"a","revision":3}\n\nevent: x\ndata: {bad\n\n';
  const { gateway } = await answering({ headers: { 'content-type': 'text/event-stream' }, body });
  const events: MemoryChange[] = [];
  const { signal } = new AbortController();
  const ended = followMemory(gateway, 'global', '', { signal, onEvent: (event) => events.push(event) });
  await expect(ended).rejects.toMatchObject({ code: 'gateway-unreachable' });
  expect(events).toEqual([{ type: 'put', key: 'a', revision: 3 }]);
});
