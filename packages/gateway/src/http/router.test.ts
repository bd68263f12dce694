import { expect, it } from 'vitest';
import type { Dialect } from './dialect.ts';
import type { Route } from './route.ts';
import { Router } from './router.ts';

const route = (methods: readonly string[], path: string): Route => ({
  methods,
  path,
  handler: () => undefined,
});

function dialect(paths: readonly string[], routes: readonly Route[] = []): Dialect {
  return { paths, routes, failure: ({ status }) => ({ status, contentType: '', body: paths.join(' ') }) };
}

it.each([
  ['GET', '/api/tags', { kind: 'found', params: {} }],
  ['GET', '/v1/models/a', { kind: 'found', params: { model: 'a' } }],
  ['GET', '/v1/models/a/b', { kind: 'unknown' }],
  ['GET', '/v1/models/', { kind: 'redirect', status: 301, path: '/v1/models' }],
  ['POST', '/api/chat/', { kind: 'redirect', status: 307, path: '/api/chat' }],
  ['GET', '//api/tags', { kind: 'redirect', status: 307, path: '/api/tags' }],
  ['GET', '/api/x/../tags', { kind: 'redirect', status: 307, path: '/api/tags' }],
  ['GET', '/..', { kind: 'redirect', status: 307, path: '/' }],
  ['POST', '/api/tags', { kind: 'wrong-method', allow: 'HEAD, GET' }],
  ['GET', '/api/v1/agents/spawn', { kind: 'wrong-method', allow: 'POST' }],
  ['GET', '/API/tags', { kind: 'unknown' }],
])('matches %s %s', (method, path, match) => {
  const routes = [
    route(['HEAD', 'GET'], '/api/tags'),
    route(['POST'], '/api/chat'),
    route(['GET'], '/v1/models'),
    route(['GET'], '/v1/models/{model}'),
    route(['GET', 'DELETE'], '/api/v1/agents/{id}'),
    route(['POST'], '/api/v1/agents/spawn'),
  ];
  expect(new Router([dialect(['/'], routes)]).match(method, path)).toMatchObject(match);
});

it.each([
  ['/nothing', 'all'],
  ['/v1', 'all'],
  ['/v1/nothing', 'v1'],
  ['/v1/messages', 'messages'],
  ['/v1/messages/count', 'v1'],
  ['/v1//messages', 'v1'],
])('gives the errors of %s to the dialect with the longest entry, whatever their order', (path, owner) => {
  const dialects = { all: dialect(['/']), v1: dialect(['/v1/']), messages: dialect(['/v1/messages']) };
  for (const order of [Object.values(dialects), Object.values(dialects).toReversed()])
    expect(new Router(order).match('GET', path).dialect).toBe(dialects[owner as keyof typeof dialects]);
});

it('takes the route of the owner of its path if two dialects have the same route', () => {
  const absent = route(['POST'], '/v1/messages');
  const served = route(['POST'], '/v1/messages');
  const dialects = [dialect(['/', '/v1/'], [absent]), dialect(['/v1/messages'], [served])];
  for (const order of [dialects, dialects.toReversed()])
    expect(new Router(order).match('POST', '/v1/messages')).toMatchObject({ kind: 'found', route: served });
});

it('rejects dialects of which none owns all other paths', () => {
  expect(() => new Router([dialect(['/v1/'])])).toThrow(/dialects/);
});
