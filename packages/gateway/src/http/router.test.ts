import { it, expect } from 'vitest';
import { Router } from './router.ts';

const handler = (): void => undefined;
const router = new Router([
  { methods: ['HEAD', 'GET'], path: '/api/tags', handler },
  { methods: ['POST'], path: '/api/chat', handler },
  { methods: ['GET'], path: '/v1/models', handler },
  { methods: ['GET'], path: '/v1/models/{model}', handler },
  { methods: ['GET', 'DELETE'], path: '/api/v1/agents/{id}', handler },
  { methods: ['POST'], path: '/api/v1/agents/spawn', handler },
]);

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
])('finds %s %s', (method, path, match) => {
  expect(router.match(method, path)).toMatchObject(match);
});
