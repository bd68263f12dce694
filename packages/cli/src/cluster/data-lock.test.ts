import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, expect, it } from 'vitest';
import { identityOf } from '../process/process-identity.ts';
import { acquireDataLock, lockDataDir } from './data-lock.ts';

const folders: string[] = [];
afterEach(() => {
  for (const folder of folders.splice(0)) rmSync(folder, { recursive: true, force: true });
});

function setup(): string {
  const folder = mkdtempSync(join(tmpdir(), 'drover-lock-'));
  folders.push(folder);
  return join(folder, 'default');
}

it('gives a folder to one process only, and to the next after its release', () => {
  const dataDir = setup();
  const first = acquireDataLock(dataDir);
  expect(first.ok).toBe(true);
  expect(acquireDataLock(dataDir)).toMatchObject({ ok: false, holder: { pid: process.pid } });
  if (first.ok) first.lock.release();
  expect(acquireDataLock(dataDir).ok).toBe(true);
});

it('takes over a lock whose process has ended', () => {
  const dataDir = setup();
  const first = acquireDataLock(dataDir);
  expect(first.ok).toBe(true);
  writeFileSync(join(dataDir, 'lock'), JSON.stringify({ pid: process.pid, startTime: 'of another process' }));
  expect(acquireDataLock(dataDir).ok).toBe(true);
});

it('takes over a lock that cannot be read', () => {
  const dataDir = setup();
  acquireDataLock(dataDir);
  writeFileSync(join(dataDir, 'lock'), 'garbage');
  expect(acquireDataLock(dataDir).ok).toBe(true);
  expect(readdirSync(dataDir)).toEqual(['lock']);
});

it('takes another folder when the default one is in use, and names the process that uses it', () => {
  const dataDir = setup();
  acquireDataLock(dataDir);
  const chosen = lockDataDir(dataDir, { mayMove: true });
  expect(chosen).toMatchObject({
    lock: { dataDir: `${dataDir}-2` },
    movedFrom: { dataDir, pid: process.pid },
  });
});

it('refuses an explicit folder that is in use', () => {
  const dataDir = setup();
  acquireDataLock(dataDir);
  expect(lockDataDir(dataDir, { mayMove: false })).toEqual({ holderPid: process.pid });
});

it('tells two processes with the same pid apart by their start time', () => {
  const self = identityOf(process.pid);
  expect(self?.pid).toBe(process.pid);
  expect(identityOf(2 ** 22 + 1)).toBeUndefined();
});
