import { chmod, copyFile, mkdir, mkdtemp, readdir, rename, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { binaryName, inspectBinary, type ServerBinary } from './server-binary.ts';

const partialPrefix = '.partial-';
/** Longer than any fetch takes. */
const abandonedAfterMs = 600_000;

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
  await removeAbandoned(cacheDir);
  return mkdtemp(join(cacheDir, partialPrefix));
}

/** A start that was stopped in the middle of a fetch leaves its folder behind. */
async function removeAbandoned(cacheDir: string): Promise<void> {
  const partials = (await readdir(cacheDir)).filter((name) => name.startsWith(partialPrefix));
  for (const name of partials) {
    const path = join(cacheDir, name);
    const modifiedAtMs = (await stat(path).catch(() => undefined))?.mtimeMs ?? Date.now();
    if (Date.now() - modifiedAtMs > abandonedAfterMs) await rm(path, { recursive: true, force: true });
  }
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
