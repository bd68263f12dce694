import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type ServerOptions } from 'node:https';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createTestAuthority } from '@drover/actor-core/testing';
import { afterAll, expect, it, onTestFinished } from 'vitest';
import type { ClientTls } from './client-tls.ts';
import { getJson } from './gateway-api.ts';

const folder = mkdtempSync(join(tmpdir(), 'drover-client-tls-'));
const authority = createTestAuthority();
const issued = authority.issue({ names: ['127.0.0.1'] });

afterAll(() => rmSync(folder, { recursive: true, force: true }));

function file(name: string, text: string): string {
  const path = join(folder, name);
  writeFileSync(path, text);
  return path;
}

const caFile = file('ca.pem', authority.cert);
const client = authority.issue({ commonName: 'ci', usage: 'client' });
const shown = { certFile: file('ci.pem', client.cert), keyFile: file('ci.key', client.key) };

async function serve(options: ServerOptions = {}): Promise<string> {
  const server = createServer({ ...issued, ...options }, (_, response) => response.end('{"nodes":[]}'));
  onTestFinished(() => {
    server.close();
    server.closeAllConnections();
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return `https://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

async function ask(url: string, tls: ClientTls): Promise<unknown> {
  return getJson({ url, origin: 'from --url', tls }, '/api/v1/status');
}

it('accepts a certificate of the authority that is named', async () => {
  expect(await ask(await serve(), { caFile })).toEqual({ nodes: [] });
});

it('says to name the authority where it is not known', async () => {
  await expect(ask(await serve(), {})).rejects.toMatchObject({
    code: 'gateway-unreachable',
    message: expect.stringContaining('name it with --tls-ca') as string,
  });
});

it('refuses a certificate that is made for another address', async () => {
  const other = authority.issue({ names: ['other.example'] });
  await expect(ask(await serve(other), { caFile })).rejects.toThrow(/127\.0\.0\.1/);
});

it('does not check the certificate of the gateway of this machine', async () => {
  expect(await ask(await serve(), { isOwnGateway: true })).toEqual({ nodes: [] });
});

it('shows a certificate where the gateway asks for one, and says to name one', async () => {
  const url = await serve({ requestCert: true, ca: authority.cert });
  expect(await ask(url, { caFile, ...shown })).toEqual({ nodes: [] });
  await expect(ask(url, { caFile })).rejects.toThrow(/--tls-cert|certificate required/);
});

it('names the flag of a file that cannot be read', async () => {
  await expect(ask(await serve(), { caFile: '/nowhere/ca.pem' })).rejects.toMatchObject({
    code: 'bad-configuration',
    message: '--tls-ca cannot be read: /nowhere/ca.pem (ENOENT)',
  });
});
