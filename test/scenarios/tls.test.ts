import { once } from 'node:events';
import { mkdtempSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import type { IncomingMessage } from 'node:http';
import { request, type RequestOptions } from 'node:https';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { connect, getCACertificates, setDefaultCACertificates } from 'node:tls';
import { createTestAuthority, freePort, type TestCertificate } from '@drover/actor-core/testing';
import { Ollama } from 'ollama';
import OpenAI from 'openai';
import { afterAll, afterEach, beforeAll, expect, it } from 'vitest';
import { joinRole, runDrover, startCluster, stopLeftovers } from '../lib/cluster.ts';
import { waitUntil } from '../lib/wait-until.ts';

const folder = mkdtempSync(join(tmpdir(), 'drover-tls-'));
const authority = createTestAuthority();
const ca = authority.cert;
const before = getCACertificates('default');

// The clients of this file know the authority, as those of a company do.
beforeAll(() => setDefaultCACertificates([...before, ca]));
afterEach(() => stopLeftovers());
afterAll(() => {
  setDefaultCACertificates(before);
  rmSync(folder, { recursive: true, force: true });
});

function put(name: string, text: string): string {
  const path = join(folder, name);
  writeFileSync(`${path}.new`, text);
  renameSync(`${path}.new`, path);
  return path;
}

function putPair(name: string, { cert, key }: TestCertificate): string[] {
  return ['--tls-cert', put(`${name}.pem`, cert), '--tls-key', put(`${name}.key`, key)];
}

const caFile = put('ca.pem', ca);
const local = { names: ['localhost', '127.0.0.1'] };

/** As `runDrover`, with time for a machine on which the start of a process takes long. */
async function drover(args: readonly string[], options: { readonly env?: NodeJS.ProcessEnv } = {}) {
  return runDrover(args, { ...options, timeoutMs: 120_000 });
}

/** The subject of the certificate that a new connection gets. */
async function servedBy(url: string): Promise<string | string[] | undefined> {
  const { port, hostname } = new URL(url);
  const socket = connect({ port: Number(port), host: hostname, ca });
  await once(socket, 'secureConnect');
  const { CN } = socket.getPeerCertificate().subject;
  socket.destroy();
  return CN;
}

/** Status of a request on a connection of its own. */
async function statusOf(url: string, options: RequestOptions): Promise<number | undefined> {
  const call = request(url, { agent: false, ca, ...options });
  call.end();
  const [response] = (await once(call, 'response')) as [IncomingMessage];
  response.resume();
  return response.statusCode;
}

it('streams over HTTPS to the usual clients while the certificate changes, and keeps the old one where the new one does not fit', async () => {
  const files = putPair('server', authority.issue({ commonName: 'first', ...local }));
  const cluster = await startCluster(['--sim', '2', ...files]);
  expect(cluster.url).toMatch(/^https:\/\/127\.0\.0\.1:\d+$/);
  const openai = new OpenAI({ baseURL: `${cluster.url}/v1`, apiKey: 'unused', maxRetries: 0 });
  const stream = await openai.chat.completions.create({
    model: 'sim-count',
    messages: [{ role: 'user', content: 'count' }],
    max_tokens: 400,
    stream: true,
  });
  let text = '';
  const streamed = (async () => {
    for await (const { choices } of stream) text += choices[0]?.delta.content ?? '';
  })();
  await waitUntil('the stream runs', () => text.length > 20);
  putPair('server', authority.issue({ commonName: 'second', ...local }));
  await waitUntil('the new certificate is served', async () => (await servedBy(cluster.url)) === 'second');
  const ollama = new Ollama({ host: cluster.url });
  const answer = await ollama.generate({ model: 'sim-count', prompt: 'a', options: { num_predict: 3 } });
  expect(answer.response?.trim()).toBe('1 2 3');

  put('server.pem', authority.issue({ commonName: 'third', ...local }).cert);
  const doctor = async () => {
    const { stdout } = await drover(['doctor', '--json', '--data', cluster.dataDir]);
    return (JSON.parse(stdout) as { check: string; ok: boolean; detail: string }[]).find(
      ({ check }) => check === 'certificate',
    );
  };
  await waitUntil('the doctor tells it', async () => (await doctor())?.ok === false, { timeoutMs: 60_000 });
  expect((await doctor())?.detail).toMatch(/CN=second is served, because .* --tls-key is not the key/);
  expect(await servedBy(cluster.url)).toBe('second');
  await streamed;
  expect(text.trim().split(/\s+/).map(Number)).toEqual(Array.from({ length: 400 }, (_, index) => index + 1));

  const { port } = new URL(cluster.url);
  const plain = await fetch(`http://127.0.0.1:${port}/api/tags`);
  expect(plain.status).toBe(400);
  expect(await plain.text()).toContain('HTTP request to an HTTPS server');
  expect(await cluster.stop()).toBe(0);
});

it('lets in only clients with a certificate, which stands for the key with its name', async () => {
  const files = putPair('mutual', authority.issue({ commonName: 'gateway', ...local }));
  const data = join(folder, 'data');
  const made = await drover(['key', 'create', '--name', 'ci', '--role', 'viewer', '--data', data]);
  expect(made.code).toBe(0);
  const cluster = await startCluster(['--sim', '1', ...files, '--tls-ca', caFile], { dataDir: data });
  const ci = authority.issue({ commonName: 'ci', usage: 'client' });
  const status = `${cluster.url}/api/v1/status`;
  expect(await statusOf(status, ci)).toBe(200);
  expect(await statusOf(`${cluster.url}/api/v1/keys`, ci)).toBe(403);
  await expect(statusOf(`${cluster.url}/healthz`, {})).rejects.toThrow(/hang up|ECONNRESET|alert/);
  const stranger = createTestAuthority().issue({ commonName: 'ci', usage: 'client' });
  await expect(statusOf(status, stranger)).rejects.toThrow(/hang up|ECONNRESET|alert/);

  // The commands of this machine need no flag; others name their certificate.
  expect(await drover(['status', '--data', data])).toMatchObject({ code: 0 });
  const named = ['--url', cluster.url, '--tls-ca', caFile, ...putPair('ci', ci)];
  expect(await drover(['status', ...named])).toMatchObject({ code: 0 });
  const without = await drover(['status', '--url', cluster.url, '--tls-ca', caFile]);
  expect(without).toMatchObject({ code: 3, stderr: expect.stringContaining('--tls-cert') as string });

  const port = await freePort();
  const second = ['gateway', '--id', 'gateway-2', '--port', String(port), ...files];
  const key = made.stdout.trim();
  const running = joinRole({ ...cluster, url: `https://127.0.0.1:${port}` }, second, 'gateway-2', { key });
  await running;
  const environment = { env: { NODE_EXTRA_CA_CERTS: caFile, DROVER_KEY: key } };
  expect(await drover(['status', '--url', `https://127.0.0.1:${port}`], environment)).toMatchObject({
    code: 0,
  });
  expect(await cluster.stop()).toBe(0);
});

async function failedUp(...args: readonly string[]) {
  return drover(['up', '--sim', '1', '--port', '0', '--data', join(folder, 'none'), ...args]);
}

it('refuses to start with files that do not fit, and names the flag', async () => {
  const pair = putPair('fits', authority.issue(local));
  const cases: readonly (readonly [readonly string[], string])[] = [
    [['--tls-cert', '/nowhere.pem', '--tls-key', caFile], '--tls-cert cannot be read: /nowhere.pem (ENOENT)'],
    [['--tls-cert', caFile], '--tls-cert goes with tls-key'],
    [[...pair.slice(0, 2), '--tls-key', put('other.key', authority.issue().key)], '--tls-key is not the key'],
    [putPair('old', authority.issue({ validTo: new Date(Date.now() - 1_000) })), '--tls-cert has expired on'],
    [['--tls-ca', caFile], '--tls-ca goes with tls-cert'],
  ];
  for (const [args, message] of cases)
    expect(await failedUp(...args)).toMatchObject({
      code: 2,
      stderr: expect.stringContaining(message) as string,
    });
});
