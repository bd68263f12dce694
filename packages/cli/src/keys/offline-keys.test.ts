import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseAccessKey } from '@drover/gateway/keys';
import { afterEach, expect, it } from 'vitest';
import { acquireDataLock } from '../cluster/data-lock.ts';
import { keysFilePath, readKeysFile, readLocalKey, writeLocalKey } from './keys-file.ts';
import { OfflineKeys } from './offline-keys.ts';

const folders: string[] = [];
afterEach(() => {
  for (const folder of folders.splice(0)) rmSync(folder, { recursive: true, force: true });
});

function setup() {
  const dataDir = mkdtempSync(join(tmpdir(), 'drover-offline-'));
  folders.push(dataDir);
  return { dataDir, path: keysFilePath(dataDir), keys: new OfflineKeys(dataDir) };
}

it('keeps a key with its digest, and makes that of this machine with the first one', () => {
  const { dataDir, path, keys } = setup();
  const { text } = keys.create({ name: 'ci' }, 1_000);
  keys.create({ name: 'other' }, 2_000);
  expect(keys.list().map(({ name, roles }) => [name, roles])).toEqual([
    ['local', ['admin']],
    ['ci', ['user']],
    ['other', ['user']],
  ]);
  const local = readLocalKey(dataDir) ?? '';
  expect(keys.list()[0]?.id).toBe(parseAccessKey(local)?.id);
  for (const key of [text, local])
    expect(readFileSync(path, 'utf8')).not.toContain(parseAccessKey(key)?.secret);
  expect(statSync(path).mode & 0o777).toBe(0o600);
  expect(statSync(join(dataDir, 'key')).mode & 0o777).toBe(0o600);
});

it('makes the key of this machine again where it was lost or revoked', () => {
  const { dataDir, keys } = setup();
  keys.create({}, 1_000);
  const first = readLocalKey(dataDir);
  keys.revoke('local', 2_000);
  keys.create({}, 3_000);
  const second = readLocalKey(dataDir);
  expect(second).not.toBe(first);
  writeLocalKey(dataDir, 'lost');
  keys.create({}, 4_000);
  expect([first, second, 'lost']).not.toContain(readLocalKey(dataDir));
});

it('rotates and revokes by id or by a name that one key has', () => {
  const { keys } = setup();
  const { record, text } = keys.create({ name: 'ci' }, 1_000);
  expect(keys.rotate(record.id, 0, 2_000).text).not.toBe(text);
  expect(keys.revoke('ci', 3_000)).toMatchObject({ id: record.id, revokedAtMs: 3_000, secrets: [] });
  expect(() => keys.rotate('ci', 0, 4_000)).toThrow(/key-ended/);
  expect(() => keys.revoke('nobody', 4_000)).toThrow(/key-not-found/);
  keys.create({ name: 'two' }, 5_000);
  keys.create({ name: 'two' }, 5_000);
  expect(() => keys.revoke('two', 6_000)).toThrow(/2 keys have the name two/);
});

it('changes nothing while a drover up uses the folder', () => {
  const { dataDir, keys } = setup();
  const outcome = acquireDataLock(dataDir);
  expect(() => keys.create({}, 1_000)).toThrow(expect.objectContaining({ code: 'data-in-use', exitCode: 4 }));
  if (outcome.ok) outcome.lock.release();
  expect(keys.create({}, 1_000).record.tenant).toBe('default');
});

it('refuses to go on with a damaged file, which would open the cluster', () => {
  const { path } = setup();
  expect(readKeysFile(path)).toEqual([]);
  writeFileSync(path, '{"version":1,"keys":[{}]}');
  expect(() => readKeysFile(path)).toThrow(expect.objectContaining({ exitCode: 2 }));
});
