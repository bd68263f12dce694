import { expect, it } from 'vitest';
import { type AccessRules, decideAccess } from './access.ts';

const loopback: AccessRules = {
  origins: [],
  hosts: { machine: { name: 'gpu1', addresses: ['203.0.113.7'] }, allowed: ['llm.example.org'] },
};
const page = 'http://localhost:3000';

function statusOf(
  [method, host, origin]: readonly [string, string, string?],
  rules: AccessRules,
): number | undefined {
  return decideAccess({ method, host, origin }, rules).reply?.status;
}

it.each([
  [['GET', 'localhost'], undefined],
  [['GET', 'gpu1:11500'], undefined],
  [['GET', '203.0.113.7'], undefined],
  [['GET', 'llm.example.org'], undefined],
  [['GET', 'example.org'], 403],
  [['GET', 'localhost', page], undefined],
  [['GET', 'localhost', 'https://evil.test'], 403],
  [['GET', 'example.org', page], 403],
  [['OPTIONS', 'localhost', page], 204],
  [['OPTIONS', 'localhost'], 204],
  [['OPTIONS', '127.0.0.1'], undefined],
] as const)('on a loopback address answers %j with %s, or passes it to its route', (request, status) => {
  expect(statusOf(request, loopback)).toBe(status);
});

it('accepts every Host header on an address that other machines can reach, and still checks the origin', () => {
  const open: AccessRules = { origins: [], hosts: undefined };
  expect(statusOf(['GET', 'example.org'], open)).toBeUndefined();
  expect(statusOf(['GET', 'example.org', 'https://evil.test'], open)).toBe(403);
});

it('gives an allowed page its headers, also if the Host header is refused', () => {
  const { headers, reply } = decideAccess({ method: 'GET', host: 'example.org', origin: page }, loopback);
  expect(reply?.status).toBe(403);
  expect(headers).toMatchObject({ 'Access-Control-Allow-Origin': page });
});
