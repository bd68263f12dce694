import { it, expect } from 'vitest';
import { decideRoute, type Routes } from './router.ts';

const handler = (): void => undefined;
const routes: Routes = {
  '/api/tags': { GET: handler, HEAD: handler },
  '/v1/models': { GET: handler },
  '/v1/models/:name': { GET: handler },
};

it.each([
  ['GET', '/api/tags', { kind: 'found', handler }],
  ['POST', '/api/tags', { kind: 'wrong-method', allow: 'GET, HEAD' }],
  ['GET', '/api/nope', { kind: 'missing' }],
  ['GET', '/API/tags', { kind: 'missing' }],
  ['GET', '/api/tags/', { kind: 'redirect', status: 301, location: '/api/tags' }],
  ['POST', '/api/tags/', { kind: 'redirect', status: 307, location: '/api/tags' }],
  ['GET', '//api/tags', { kind: 'redirect', status: 307, location: '/api/tags' }],
  ['GET', '/v1/models/a:b', { kind: 'found', handler }],
  ['GET', '/v1/models/a/b', { kind: 'missing' }],
  ['GET', '/v1/models/a%2Fb', { kind: 'missing' }],
])('%s %s', (method, path, decision) => {
  expect(decideRoute(routes, method, path)).toEqual(decision);
});
