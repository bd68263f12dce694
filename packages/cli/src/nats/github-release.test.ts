import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, expect, it } from 'vitest';
import { expectedSum, fetchFromRelease, releaseName } from './github-release.ts';

const folders: string[] = [];
const servers: Server[] = [];
afterEach(() => {
  for (const folder of folders.splice(0)) rmSync(folder, { recursive: true, force: true });
  for (const server of servers.splice(0)) server.close();
});

const name = releaseName('2.15.1', process.platform, process.arch) ?? 'unsupported';

/** A server with a release: the archive holds a program that prints the version of nats-server 2.15.1. */
async function setup(options: { sum?: string; silent?: boolean } = {}): Promise<{
  fetchRelease: (stepTimeoutMs?: number) => ReturnType<typeof fetchFromRelease>;
}> {
  const folder = mkdtempSync(join(tmpdir(), 'drover-release-'));
  folders.push(folder);
  mkdirSync(join(folder, name));
  writeFileSync(join(folder, name, 'nats-server'), '#!/bin/sh\necho "nats-server: v2.15.1"\n', {
    mode: 0o755,
  });
  execFileSync('tar', ['-czf', 'archive.tar.gz', name], { cwd: folder });
  const archive = readFileSync(join(folder, 'archive.tar.gz'));
  const sum = options.sum ?? createHash('sha256').update(archive).digest('hex');
  const files: Record<string, Buffer | string> = {
    '/v2.15.1/SHA256SUMS': `${'0'.repeat(64)}  other.zip\n${sum}  ${name}.tar.gz\n`,
    [`/v2.15.1/${name}.tar.gz`]: archive,
  };
  const server = createServer((request, response) => {
    if (options.silent === true) return;
    const file = files[request.url ?? ''];
    response.writeHead(file === undefined ? 404 : 200).end(file);
  });
  servers.push(server);
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve);
  });
  const { port } = server.address() as { port: number };
  return {
    fetchRelease: (stepTimeoutMs = 5_000) =>
      fetchFromRelease({
        cacheDir: join(folder, 'cache'),
        stepTimeoutMs,
        progress: () => {},
        baseUrl: `http://127.0.0.1:${port}`,
        version: '2.15.1',
      }),
  };
}

it('takes a release that matches its published sum', async () => {
  const { fetchRelease } = await setup();
  expect(await fetchRelease()).toMatchObject({ ok: true, binary: { version: '2.15.1' } });
});

it('refuses a release that does not match its published sum', async () => {
  const { fetchRelease } = await setup({ sum: 'f'.repeat(64) });
  expect(await fetchRelease()).toMatchObject({
    ok: false,
    reason: expect.stringContaining('does not match') as string,
  });
});

it('gives up a step without an answer in time', async () => {
  const { fetchRelease } = await setup({ silent: true });
  expect(await fetchRelease(100)).toMatchObject({
    ok: false,
    reason: expect.stringContaining('no answer in time') as string,
  });
});

it('knows the archives that are published', () => {
  expect(releaseName('2.15.1', 'linux', 'x64')).toBe('nats-server-v2.15.1-linux-amd64');
  expect(releaseName('2.15.1', 'darwin', 'arm64')).toBe('nats-server-v2.15.1-darwin-arm64');
  expect(releaseName('2.15.1', 'win32', 'x64')).toBeUndefined();
});

it('reads both forms of a sums file', () => {
  const sum = 'a'.repeat(64);
  expect(expectedSum(`${sum}  a.tar.gz\n`, 'a.tar.gz')).toBe(sum);
  expect(expectedSum(`${sum} *a.tar.gz\n`, 'a.tar.gz')).toBe(sum);
  expect(expectedSum(`${sum}  a.tar.gz.asc\n`, 'a.tar.gz')).toBeUndefined();
});
