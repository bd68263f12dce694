import type { webcrypto } from 'node:crypto';
import { once } from 'node:events';
import { createServer, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { exportJWK, generateKeyPair, type JWTPayload, SignJWT } from 'jose';

/** An OpenID provider over HTTP on this machine. */
export interface TestIssuer {
  readonly url: string;
  /** Requests for the keys so far. */
  readonly readings: () => number;
  /** A token, valid for an hour from now, of the audience `drover`. `undefined` leaves a claim out. */
  token(claims?: JWTPayload, header?: { readonly kid?: string; readonly typ?: string }): Promise<string>;
  /** Signs with another key from now on, under this id. The keys before stay published unless `alone`. */
  rotate(kid: string, options?: { readonly alone?: boolean }): Promise<void>;
  /** Answers like this instead, from now on; undefined: as usual. */
  answer(instead: ((response: ServerResponse) => void) | undefined): void;
  close(): Promise<void>;
}

/** @param nowMs wall clock of the tests */
export async function startTestIssuer(nowMs: () => number = Date.now, alg = 'ES256'): Promise<TestIssuer> {
  let published: object[] = [];
  let signer: { readonly kid: string; readonly key: webcrypto.CryptoKey };
  let readings = 0;
  let instead: ((response: ServerResponse) => void) | undefined;
  const rotate: TestIssuer['rotate'] = async (kid, { alone = false } = {}) => {
    const { publicKey, privateKey } = await generateKeyPair(alg);
    const jwk = { ...(await exportJWK(publicKey)), kid, alg, use: 'sig' };
    published = alone ? [jwk] : [...published, jwk];
    signer = { kid, key: privateKey };
  };
  await rotate('first');
  const server = createServer((request, response) => {
    if (request.url === '/keys') readings += 1;
    if (instead !== undefined) return instead(response);
    const found = {
      '/.well-known/openid-configuration': { issuer: url, jwks_uri: `${url}/keys` },
      '/keys': { keys: published },
    }[request.url ?? ''];
    response.writeHead(found === undefined ? 404 : 200, { 'content-type': 'application/json' });
    response.end(JSON.stringify(found ?? {}));
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  return {
    url,
    readings: () => readings,
    rotate,
    answer: (other) => {
      instead = other;
    },
    token: (claims = {}, header = {}) => {
      const now = Math.floor(nowMs() / 1_000);
      const payload = { iss: url, aud: 'drover', sub: 'alice', iat: now, exp: now + 3_600, ...claims };
      return new SignJWT(payload).setProtectedHeader({ alg, kid: signer.kid, ...header }).sign(signer.key);
    },
    close: async () => {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
}
