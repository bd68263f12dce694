import { afterAll, beforeAll, expect, it } from 'vitest';
import { type Stack, startStack } from '../testing/stack.ts';

let stack: Stack;
beforeAll(async () => {
  stack = await startStack();
});
afterAll(async () => await stack.end());

it.each(['/api/tags', '/v1/models', '/v1/models/sim-count', '/openapi.json'])(
  'sends %s again only to a client that has another version',
  async (path) => {
    const url = stack.gateway.url + path;
    const first = await fetch(url);
    expect((await first.text()).length).toBeGreaterThan(2);
    const tag = first.headers.get('etag') ?? '';
    expect(tag).toMatch(/^"[\w-]{22}"$/);
    expect(first.headers.get('cache-control')).toBe('no-cache');
    const same = await fetch(url, { headers: { 'if-none-match': `"other", W/${tag}` } });
    expect([same.status, await same.text()]).toEqual([304, '']);
    const other = await fetch(url, { headers: { 'if-none-match': '"other"' } });
    expect(other.status).toBe(200);
  },
);
