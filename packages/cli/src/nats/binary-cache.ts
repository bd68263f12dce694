import { chmod, copyFile, mkdir, mkdtemp, readdir, rename, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { binaryName, inspectBinary, type ServerBinary } from './server-binary.ts';

const partialPrefix = '.partial-';
/** Age above which a temporary folder is not in use any more: longer than any fetch takes. */
const abandonedAfterMs = 600_000;

/**
 * Puts a fetched program into the cache as `v{version}/nats-server`. The folder is put in place by one rename, so that
 * another `drover up` that starts at the same moment never sees an incomplete folder. If two of them fetch the program,
 * the second uses the folder of the first.
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

/** Makes a temporary folder in the cache; the caller removes it. */
export async function makePartial(cacheDir: string): Promise<string> {
  await mkdir(cacheDir, { recursive: true });
  await removeAbandoned(cacheDir);
  return mkdtemp(join(cacheDir, partialPrefix));
}

/** Removes temporary folders of starts that were stopped in the middle of a fetch. */
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
    // The folder in the cache holds no working program: replace it.
    await rm(target, { recursive: true, force: true });
    await rename(partial, target);
  }
}
