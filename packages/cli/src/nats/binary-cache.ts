import { chmod, copyFile, mkdir, mkdtemp, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { binaryName, inspectBinary, type ServerBinary } from './server-binary.ts';

/**
 * Puts a fetched program into the cache as `v{version}/nats-server`. The folder appears by one rename, so that
 * two starts at the same moment never see half of it; the second one uses what the first one left.
 */
export async function storeBinary(cacheDir: string, fetched: ServerBinary): Promise<ServerBinary> {
  const target = join(cacheDir, `v${fetched.version}`);
  const partial = await makePartial(cacheDir);
  try {
    await copyFile(fetched.path, join(partial, binaryName));
    await chmod(join(partial, binaryName), 0o755);
    await replaceFolder(partial, target);
  } finally {
    await rm(partial, { recursive: true, force: true });
  }
  return { path: join(target, binaryName), version: fetched.version };
}

/** A fresh private folder inside the cache, for work in progress; the caller removes it. */
export async function makePartial(cacheDir: string): Promise<string> {
  await mkdir(cacheDir, { recursive: true });
  return mkdtemp(join(cacheDir, '.partial-'));
}

async function replaceFolder(partial: string, target: string): Promise<void> {
  try {
    await rename(partial, target);
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code;
    if (code !== 'ENOTEMPTY' && code !== 'EEXIST' && code !== 'EPERM') throw error;
    if ((await inspectBinary(join(target, binaryName))) !== undefined) return;
    // A broken leftover: make room for the good one.
    await rm(target, { recursive: true, force: true });
    await rename(partial, target);
  }
}
