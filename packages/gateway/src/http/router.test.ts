import { expect, it } from 'vitest';
import type { Dialect } from './dialect.ts';
import type { Route } from './route.ts';
import { Router } from './router.ts';

const route = (methods: readonly string[], path: string): Route => ({
  methods,
  path,
  right: 'list',
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

it.each([
  ['GET', '/mem/s%2F1/a%2F%2Fb', { kind: 'found', params: { scope: 's/1', key: 'a//b' } }],
  ['GET', '/mem/s/%2E%2E', { kind: 'found', params: { scope: 's', key: '..' } }],
  ['POST', '/mem/s/a', { kind: 'wrong-method', allow: 'GET' }],
  ['GET', '/mem/s/a/b', { kind: 'unknown' }],
])('matches %s %s as it was sent where the route asks for that', (method, sent, match) => {
  const routes = [{ ...route(['GET'], '/mem/{scope}/{key}'), isEncoded: true }];
  const router = new Router([dialect(['/'], routes)]);
  expect(router.match(method, decodeURIComponent(sent), sent)).toMatchObject(match);
});
