import { access, constants, readdir } from 'node:fs/promises';
import { delimiter, join } from 'node:path';
import { platform } from '../platform/platform.ts';
import { runStep } from '../process/run-step.ts';
import { compareVersions, isSupportedVersion, parseVersion } from './version.ts';

/** A nats-server program on this machine and its version. */
export interface ServerBinary {
  readonly path: string;
  readonly version: string;
}

export const binaryName: string = `nats-server${platform.programSuffix}`;

/** Reads the version of a program. Undefined if the program cannot be run or is not a nats-server. */
export async function inspectBinary(path: string): Promise<ServerBinary | undefined> {
  const result = await runStep(path, ['--version'], { timeoutMs: 5_000 });
  if (!result.ok || !result.stdout.includes('nats-server')) return undefined;
  const version = parseVersion(result.stdout);
  return version === undefined ? undefined : { path, version };
}

/** Every executable `nats-server` in the folders of PATH, in their order. */
export async function binariesOnPath(pathVariable: string): Promise<string[]> {
  const found: string[] = [];
  for (const folder of pathVariable.split(delimiter)) {
    if (folder === '') continue;
    const candidate = join(folder, binaryName);
    if (await isExecutable(candidate)) found.push(candidate);
  }
  return found;
}

/** The newest supported program in the cache. */
export async function cachedBinary(cacheDir: string): Promise<ServerBinary | undefined> {
  const entries = await readdir(cacheDir).catch(() => [] as string[]);
  const versions = entries
    .filter((entry) => /^v\d+\.\d+\.\d+$/.test(entry))
    .map((entry) => entry.slice(1))
    .filter(isSupportedVersion)
    .toSorted((a, b) => compareVersions(b, a));
  for (const version of versions) {
    const binary = await inspectBinary(join(cacheDir, `v${version}`, binaryName));
    if (binary !== undefined && isSupportedVersion(binary.version)) return binary;
  }
  return undefined;
}

async function isExecutable(path: string): Promise<boolean> {
  try {
    await access(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}
