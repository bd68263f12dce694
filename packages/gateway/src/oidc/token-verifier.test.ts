import type { ServerResponse } from 'node:http';
import { silentLogger } from '@drover/actor-core';
import { ManualClock } from '@drover/actor-core/testing';
import { SignJWT, UnsecuredJWT } from 'jose';
import { afterEach, expect, it } from 'vitest';
import { resolveConfig } from '../config.ts';
import type { Principal } from '../keys/principal.ts';
import { startTestIssuer } from '../testing/test-issuer.ts';
import type { OidcConfig } from './oidc-config.ts';
import { TokenVerifier } from './token-verifier.ts';

const ends: (() => Promise<void> | void)[] = [];

afterEach(async () => {
  for (const end of ends.splice(0).toReversed()) await end();
});

async function setup(settings: Partial<OidcConfig> = {}, { alg = 'ES256', isAway = false } = {}) {
  const clock = new ManualClock();
  clock.advance(Date.UTC(2026, 11, 1) - clock.wallNow());
  const issuer = await startTestIssuer(() => clock.wallNow(), alg);
  ends.push(() => issuer.close());
  if (isAway) issuer.answer((response) => response.writeHead(503).end());
  const config = resolveConfig({ oidcIssuer: issuer.url, oidcAudience: ['drover'], ...settings });
  const verifier = new TokenVerifier({ config, clock, log: silentLogger });
  ends.push(() => verifier.close());
  const identify = async (token: string): Promise<Principal> => verifier.identify(token);
  const nowS = (): number => clock.wallNow() / 1_000;
  return { clock, issuer, verifier, identify, nowS };
}

const failure = (status: number, code: string, message = '') =>
  expect.objectContaining({ status, code, message: expect.stringContaining(message) as string }) as Error;

it.each(['RS256', 'PS384', 'ES256', 'ES512', 'EdDSA'])(
  'takes a token that is signed with %s',
  async (alg) => {
    const { issuer, identify } = await setup({}, { alg });
    expect(await identify(await issuer.token())).toEqual({
      keyId: 'oidc:alice',
      tenant: 'default',
      roles: ['user'],
      models: [],
      routes: [],
    });
  },
);

it('answers at once for a token that it has verified, until the token ends', async () => {
  const { clock, issuer, identify, verifier } = await setup({ oidcClockSkewMs: 0 });
  const token = await issuer.token();
  const principal = await identify(token);
  expect(verifier.identify(token)).toBe(principal);
  clock.advance(3_600_000);
  await expect(identify(token)).rejects.toThrow(failure(401, 'token-expired'));
});

it.each<[string, Record<string, unknown>, string, string]>([
  ['another issuer', { iss: 'https://other.example' }, 'token-invalid', 'another issuer'],
  ['no issuer', { iss: undefined }, 'token-invalid', 'another issuer'],
  ['another audience', { aud: ['mail', 'calendar'] }, 'token-invalid', 'another audience'],
  ['no audience', { aud: undefined }, 'token-invalid', 'another audience'],
  ['no end', { exp: undefined }, 'token-invalid', 'no end'],
  ['no subject', { sub: undefined }, 'token-invalid', 'no subject'],
])('refuses a token with %s', async (_what, claims, code, message) => {
  const { issuer, identify } = await setup();
  await expect(identify(await issuer.token(claims))).rejects.toThrow(failure(401, code, message));
});

it('allows for clocks that differ, at the end and at the beginning of a token', async () => {
  const { issuer, identify, nowS } = await setup({ oidcClockSkewMs: 30_000 });
  const at = async (claims: object) => identify(await issuer.token({ ...claims }));
  expect((await at({ exp: nowS() - 29 })).keyId).toBe('oidc:alice');
  await expect(at({ exp: nowS() - 31 })).rejects.toThrow(failure(401, 'token-expired'));
  expect((await at({ nbf: nowS() + 29 })).keyId).toBe('oidc:alice');
  await expect(at({ nbf: nowS() + 31 })).rejects.toThrow(failure(401, 'token-invalid', 'not valid yet'));
});

it('takes no token without a signature, and none that is signed with a text that everybody can read', async () => {
  const { issuer, identify, nowS } = await setup();
  const claims = { iss: issuer.url, aud: 'drover', sub: 'mallory', exp: nowS() + 60 };
  await expect(identify(new UnsecuredJWT(claims).encode())).rejects.toThrow(failure(401, 'token-invalid'));
  const published = await (await fetch(`${issuer.url}/keys`)).text();
  const secret = new TextEncoder().encode(published);
  const symmetric = new SignJWT(claims).setProtectedHeader({ alg: 'HS256', kid: 'first' }).sign(secret);
  await expect(identify(await symmetric)).rejects.toThrow(failure(401, 'token-invalid', 'algorithm'));
});

it('refuses a token of which any part was changed', async () => {
  const { issuer, identify } = await setup();
  const token = await issuer.token();
  const [header = '', claims = '', signature = ''] = token.split('.');
  const other = (await issuer.token({ sub: 'bob' })).split('.')[1] ?? '';
  for (const forged of [
    [header, other, signature],
    [header, claims, signature.slice(0, -2) + (signature.endsWith('AA') ? 'BB' : 'AA')],
    [header, claims, ''],
    ['e30', claims, signature],
  ])
    await expect(identify(forged.join('.'))).rejects.toThrow(failure(401, 'token-invalid'));
});

it('takes a token of a key that the issuer made after the last reading', async () => {
  const { issuer, identify, clock } = await setup();
  await identify(await issuer.token());
  await issuer.rotate('second');
  clock.advance(30_000);
  expect((await identify(await issuer.token())).keyId).toBe('oidc:alice');
  expect(issuer.readings()).toBe(2);
});

it('asks the issuer once in 30 s, however many tokens have keys that nobody knows', async () => {
  const { issuer, identify, clock } = await setup();
  await identify(await issuer.token());
  clock.advance(30_000);
  const unknown = await Promise.all(
    Array.from({ length: 50 }, (_, index) => issuer.token({}, { kid: `k${index}` })),
  );
  const refused = await Promise.allSettled(unknown.map(identify));
  for (const result of refused)
    expect(result).toMatchObject({ reason: { status: 401, code: 'token-invalid' } });
  expect(issuer.readings()).toBe(2);
});

it('refuses tokens of a key that the issuer has withdrawn, once it has read the keys again', async () => {
  const { issuer, identify, clock, verifier } = await setup();
  const old = await issuer.token({ exp: clock.wallNow() / 1_000 + 86_400 });
  const principal = await identify(old);
  expect(verifier.identify(old)).toBe(principal);
  await issuer.rotate('second', { alone: true });
  clock.advance(10 * 60_000);
  await identify(await issuer.token());
  await expect(identify(old)).rejects.toThrow(failure(401, 'token-invalid', 'no key'));
});

it('keeps the last keys while the issuer is away, and says so where it has none that fits', async () => {
  const { issuer, identify, clock } = await setup();
  await identify(await issuer.token());
  issuer.answer((response) => response.destroy());
  clock.advance(10 * 60_000);
  expect((await identify(await issuer.token({ sub: 'bob' }))).keyId).toBe('oidc:bob');
  await issuer.rotate('second');
  const next = await issuer.token();
  await expect(identify(next)).rejects.toThrow(failure(503, 'issuer-unavailable'));
  issuer.answer(undefined);
  clock.advance(30_000);
  expect((await identify(next)).keyId).toBe('oidc:alice');
});

it('answers 503 before it has any keys, and takes tokens as soon as the issuer answers', async () => {
  const { issuer, identify, clock } = await setup({}, { isAway: true });
  const token = await issuer.token();
  await expect(identify(token)).rejects.toThrow(failure(503, 'issuer-unavailable'));
  issuer.answer(undefined);
  await expect(identify(token)).rejects.toThrow(failure(503, 'issuer-unavailable'));
  clock.advance(1_000);
  expect((await identify(token)).keyId).toBe('oidc:alice');
});

it.each<[string, (response: ServerResponse) => void]>([
  ['no JSON', (response) => response.end('<html>')],
  ['no keys', (response) => response.end('{"issuer":1}')],
  ['another issuer', (response) => response.end('{"issuer":"https://other.example","jwks_uri":"https://x"}')],
  ['more than 1 MiB', (response) => response.end('x'.repeat(1024 * 1024 + 1))],
  ['a redirect', (response) => response.writeHead(302, { location: 'http://127.0.0.1:1/' }).end()],
])('takes no keys from an issuer that answers with %s', async (_what, answer) => {
  const { issuer, identify, clock } = await setup({}, { isAway: true });
  await expect(identify(await issuer.token())).rejects.toThrow(failure(503, 'issuer-unavailable'));
  issuer.answer(answer);
  clock.advance(1_000);
  await expect(identify(await issuer.token())).rejects.toThrow(failure(503, 'issuer-unavailable'));
});

it('gives up an issuer that does not answer for 5 s', async () => {
  const { issuer, identify, clock } = await setup({}, { isAway: true });
  await expect(identify(await issuer.token())).rejects.toThrow(failure(503, 'issuer-unavailable'));
  const asked = Promise.withResolvers<void>();
  issuer.answer(() => asked.resolve());
  clock.advance(1_000);
  const waiting = identify(await issuer.token());
  await asked.promise;
  clock.advance(5_000);
  await expect(waiting).rejects.toThrow(failure(503, 'issuer-unavailable'));
});

it('reads the keys from the stated URL without asking the issuer for it', async () => {
  const { issuer } = await setup();
  const { identify } = await setup({ oidcIssuer: issuer.url, oidcJwksUrl: `${issuer.url}/keys` });
  issuer.answer(undefined);
  expect((await identify(await issuer.token())).keyId).toBe('oidc:alice');
});
