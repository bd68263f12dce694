import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, expect, it } from 'vitest';
import type { GatewayAddress } from './gateway-address.ts';
import { getJson } from './gateway-api.ts';

const ends: (() => void)[] = [];
afterEach(() => {
  for (const end of ends.splice(0)) end();
});

/** A server that gives this answer to every request. */
async function answering(status: number, body: unknown): Promise<GatewayAddress> {
  const text = typeof body === 'string' ? body : JSON.stringify(body);
  const server = createServer((_, response) => response.writeHead(status).end(text));
  ends.push(() => server.close());
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  return { url, origin: 'from --url' };
}

const refusal = (code: string, message: string, field?: string) => ({
  error: { code, message, field, requestId: 'r' },
});

it('returns the JSON of a gateway', async () => {
  expect(await getJson(await answering(200, { nodes: [] }), '/api/v1/status')).toEqual({ nodes: [] });
});

it.each([
  [
    400,
    refusal('invalid-input', 'limit: must be above 0', 'limit'),
    'bad-configuration',
    2,
    '--limit must be above 0',
  ],
  [
    401,
    refusal('key-required', 'a key is required'),
    'key-missing',
    3,
    /answers key-required: a key is required$/,
  ],
  [403, refusal('not-allowed', 'this key may not'), 'gateway-refused', 1, 'not-allowed: this key may not'],
  [404, refusal('node-not-found', 'no node is called x', 'node'), 'node-missing', 3, 'no node is called x'],
  [
    503,
    refusal('too-many-inspections', 'ask again'),
    'gateway-refused',
    3,
    /answers too-many-inspections: ask again$/,
  ],
  [404, refusal('no-such-route', 'there is no route'), 'gateway-unreachable', 3, /answered 404/],
  [502, '<html>', 'gateway-unreachable', 3, /answered 502: <html>$/],
  [200, '<html>', 'gateway-unreachable', 3, /no JSON$/],
] as const)('reports a refusal %i %o as %s', async (status, body, code, exitCode, message) => {
  await expect(getJson(await answering(status, body), '/api/v1/actors')).rejects.toMatchObject({
    code,
    exitCode,
    message: typeof message === 'string' ? message : (expect.stringMatching(message) as string),
  });
});

it('sends the key of its address, and no header without one', async () => {
  const seen: (string | undefined)[] = [];
  const server = createServer((request, response) => {
    seen.push(request.headers.authorization);
    response.end('{}');
  });
  ends.push(() => server.close());
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  await getJson({ url, origin: 'test', key: 'k' }, '/');
  await getJson({ url, origin: 'test' }, '/');
  expect(seen).toEqual(['Bearer k', undefined]);
});
