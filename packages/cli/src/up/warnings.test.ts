import { chmodSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, expect, it } from 'vitest';
import { warningsFor } from './warnings.ts';

const folders: string[] = [];
afterEach(() => {
  for (const folder of folders.splice(0)) rmSync(folder, { recursive: true, force: true });
});

function folderWith(mode: number): string {
  const folder = mkdtempSync(join(tmpdir(), 'drover-warnings-'));
  folders.push(folder);
  chmodSync(folder, mode);
  return folder;
}

it('does not warn of loopback with a private folder', async () => {
  expect(await warningsFor({ host: '127.0.0.1', issuer: '' }, folderWith(0o700))).toEqual([]);
});

it('warns of a folder that other users can read, with the command that makes it private', async () => {
  const folder = folderWith(0o755);
  expect(await warningsFor({ host: '::1', issuer: '' }, folder)).toEqual([
    expect.stringContaining(`chmod 700 ${folder}`),
  ]);
});

it('warns of an address that other machines can reach without a key', async () => {
  const [warning] = await warningsFor({ host: '0.0.0.0', issuer: '' }, folderWith(0o700));
  expect(warning).toContain('the gateway listens on 0.0.0.0 and needs no key');
});

it('does not warn of such an address where callers need a token of an issuer', async () => {
  const door = { host: '0.0.0.0', issuer: 'https://id.example' };
  expect(await warningsFor(door, folderWith(0o700))).toEqual([]);
});
