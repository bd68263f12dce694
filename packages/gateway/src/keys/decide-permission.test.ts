import { expect, it } from 'vitest';
import { decideModel, decideRoute, matchesPattern } from './decide-permission.ts';
import { anyone, type Principal } from './principal.ts';
import { hasRight, type KeyRole, type Right, roleNames } from './rights.ts';

const principal = (facts: Partial<Principal>): Principal => ({ ...anyone, keyId: 'k', ...facts });
const rights: readonly Right[] = ['open', 'list', 'infer', 'data', 'observe', 'operate', 'administer'];

it('gives each role its rights', () => {
  const table = Object.fromEntries(
    roleNames.map((role) => [role, rights.filter((right) => hasRight([role], right)).join(' ')]),
  );
  expect(table).toEqual({
    viewer: 'open list observe',
    user: 'open list infer data',
    operator: 'open list observe operate',
    admin: 'open list infer data observe operate administer',
  } satisfies Record<KeyRole, string>);
});

it('adds up the rights of several roles', () => {
  expect(hasRight(['viewer', 'user'], 'infer')).toBe(true);
  expect(hasRight(['viewer', 'user'], 'observe')).toBe(true);
  expect(hasRight(['viewer', 'user'], 'operate')).toBe(false);
  expect(hasRight([], 'list')).toBe(false);
});

it.each<[readonly string[], string, string, boolean]>([
  [[], 'POST', '/api/chat', true],
  [['/api/chat'], 'POST', '/api/chat', true],
  [['/api/chat'], 'POST', '/api/chat/x', false],
  [['/v1/*'], 'POST', '/v1/chat/completions', true],
  [['/v1/*'], 'POST', '/api/chat', false],
  [['GET /api/v1/memory/*'], 'GET', '/api/v1/memory/global/a', true],
  [['GET /api/v1/memory/*'], 'PUT', '/api/v1/memory/global/a', false],
  [['/v1/*', '/api/chat'], 'POST', '/api/chat', true],
])('with the routes %j %s %s is allowed: %s', (routes, method, path, isAllowed) => {
  expect(decideRoute(principal({ routes }), { method, path, right: 'infer' }).isAllowed).toBe(isAllowed);
});

it('lets routes narrow a role and never widen it', () => {
  const viewer = principal({ roles: ['viewer'], routes: ['/api/v1/keys'] });
  expect(decideRoute(viewer, { method: 'GET', path: '/api/v1/keys', right: 'administer' })).toMatchObject({
    isAllowed: false,
    rule: 'role',
  });
});

it.each<[readonly string[], string, boolean]>([
  [[], 'llama3.2:latest', true],
  [['llama3.2'], 'llama3.2:latest', true],
  [['llama3.2'], 'llama3.2:1b', true],
  [['llama3.2:1b'], 'llama3.2:latest', false],
  [['LLAMA3.2'], 'llama3.2:latest', true],
  [['llama3*'], 'llama3.2:1b', true],
  [['llama3*'], 'qwen3:8b', false],
  [['*:1b'], 'llama3.2:1b', true],
  [['me/*'], 'me/fine:latest', true],
  [['me/*'], 'fine:latest', false],
  [['host:5000/a/b'], 'host:5000/a/b:latest', true],
])('with the models %j %s is allowed: %s', (models, model, isAllowed) => {
  expect(decideModel(principal({ models }), model).isAllowed).toBe(isAllowed);
});

it.each([
  ['*', '', true],
  ['a*b', 'ab', true],
  ['a*b', 'a1b2b', true],
  ['a*b', 'a', false],
  ['ab*ba', 'aba', false],
  ['*a*', 'banana', true],
  ['a**b', 'ab', true],
  ['', '', true],
  ['', 'a', false],
])('the pattern %j matches %j: %s', (pattern, text, isMatch) => {
  expect(matchesPattern(pattern, text)).toBe(isMatch);
});
