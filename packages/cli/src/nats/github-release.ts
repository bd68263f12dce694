import { createHash } from 'node:crypto';
import { mkdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { platformOf } from '../platform/platform.ts';
import { runStep } from '../process/run-step.ts';
import { makePartial } from './binary-cache.ts';
import { adopt, type FetchOptions, type FetchOutcome } from './debian-package.ts';
import { binaryName } from './server-binary.ts';
import { releaseNatsVersion } from './version.ts';

const releasesUrl = 'https://github.com/nats-io/nats-server/releases/download';

/** Fetches a release of nats-server from GitHub and verifies it against the SHA256SUMS of the release. */
export async function fetchFromRelease(
  options: FetchOptions & { readonly baseUrl?: string; readonly version?: string },
): Promise<FetchOutcome> {
  const version = options.version ?? releaseNatsVersion;
  const name = releaseName(version, process.platform, process.arch);
  if (name === undefined) return { ok: false, reason: `no release for ${process.platform} ${process.arch}` };
  const folderUrl = `${options.baseUrl ?? releasesUrl}/v${version}`;
  const archive = `${name}.tar.gz`;
  const work = await makePartial(options.cacheDir);
  try {
    options.progress(`fetching nats-server ${version} from ${new URL(folderUrl).host}`);
    const sums = (await download(`${folderUrl}/SHA256SUMS`, options.stepTimeoutMs)).toString('utf8');
    const expected = expectedSum(sums, archive);
    if (expected === undefined) return { ok: false, reason: `SHA256SUMS does not list ${archive}` };
    const bytes = await download(`${folderUrl}/${archive}`, options.stepTimeoutMs);
    const actual = createHash('sha256').update(bytes).digest('hex');
    if (actual !== expected) return { ok: false, reason: `${archive} does not match its published SHA-256` };
    await writeFile(join(work, archive), bytes);
    await mkdir(join(work, 'unpacked'));
    const unpack = await runStep('tar', ['-xzf', join(work, archive), '-C', join(work, 'unpacked')], {
      timeoutMs: options.stepTimeoutMs,
    });
    if (!unpack.ok) return { ok: false, reason: unpack.detail };
    return await adopt(join(work, 'unpacked', name, binaryName), options.cacheDir);
  } catch (error) {
    return { ok: false, reason: `release ${version}: ${describe(error)}` };
  } finally {
    await rm(work, { recursive: true, force: true });
  }
}

/** Name of the folder and archive of a release for a platform; undefined where no tar.gz is published. */
export function releaseName(version: string, platform: string, architecture: string): string | undefined {
  const os = platformOf(platform).natsRelease;
  const cpu = { x64: 'amd64', arm64: 'arm64', arm: 'arm7', s390x: 's390x', ppc64: 'ppc64le' }[architecture];
  return os === undefined || cpu === undefined ? undefined : `nats-server-v${version}-${os}-${cpu}`;
}

/** The SHA-256 of one file in a `SHA256SUMS` text. */
export function expectedSum(sums: string, file: string): string | undefined {
  for (const line of sums.split('\n')) {
    const [sum, name] = line.trim().split(/\s+\*?/);
    if (name === file && sum !== undefined && /^[0-9a-f]{64}$/.test(sum)) return sum;
  }
  return undefined;
}

async function download(url: string, timeoutMs: number): Promise<Buffer> {
  const response = await fetch(url, { signal: AbortSignal.timeout(timeoutMs) });
  if (!response.ok) throw new Error(`${url} answered ${response.status}`);
  return Buffer.from(await response.arrayBuffer());
}

function describe(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  if (error.name === 'TimeoutError') return 'no answer in time';
  return error.cause instanceof Error ? `${error.message} (${error.cause.message})` : error.message;
}
