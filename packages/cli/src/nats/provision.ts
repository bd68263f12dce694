import { badConfiguration, CommandError, exitCodes } from '../errors.ts';
import { type FetchOptions, type FetchOutcome, fetchFromDebian } from './debian-package.ts';
import { fetchFromRelease } from './github-release.ts';
import { binariesOnPath, cachedBinary, inspectBinary, type ServerBinary } from './server-binary.ts';
import { howToGetNats, isSupportedVersion, minimumNatsVersion } from './version.ts';

export interface ProvisionOptions {
  /** Value of DROVER_NATS_SERVER: only this program is used. */
  readonly explicitPath?: string | undefined;
  /** The PATH variable. */
  readonly searchPath: string;
  readonly cacheDir: string;
  readonly progress: (line: string) => void;
  /** Timeout of one step of a fetch, for a network that drops all packets. @default 10_000 */
  readonly stepTimeoutMs?: number;
  /** Sources to fetch from, in order. @default the archive of Debian, then the release on GitHub */
  readonly sources?: readonly ((options: FetchOptions) => Promise<FetchOutcome>)[];
}

/**
 * Finds a supported nats-server on this machine, or fetches one into the cache.
 *
 * @throws CommandError `bad-configuration` for a stated program that does not run, `nats-unsupported` for one that is
 *   too old, `nats-missing` when none was found or fetched
 */
export async function provisionServer(options: ProvisionOptions): Promise<ServerBinary> {
  if (options.explicitPath !== undefined) return explicitBinary(options.explicitPath);
  for (const path of await binariesOnPath(options.searchPath)) {
    const binary = await inspectBinary(path);
    if (binary === undefined) continue;
    if (isSupportedVersion(binary.version)) return binary;
    options.progress(
      `${path} is nats-server ${binary.version}, older than ${minimumNatsVersion}: looking further`,
    );
  }
  const cached = await cachedBinary(options.cacheDir);
  if (cached !== undefined) return cached;
  const fetching = {
    cacheDir: options.cacheDir,
    stepTimeoutMs: options.stepTimeoutMs ?? 10_000,
    progress: options.progress,
  };
  const reasons: string[] = [];
  for (const source of options.sources ?? [fetchFromDebian, fetchFromRelease]) {
    const outcome = await source(fetching);
    if (outcome.ok) {
      options.progress(`nats-server ${outcome.binary.version} is in ${outcome.binary.path}`);
      return outcome.binary;
    }
    reasons.push(outcome.reason);
  }
  throw new CommandError(
    'nats-missing',
    exitCodes.missing,
    `no nats-server ${minimumNatsVersion} or newer on this machine, and none could be fetched (${reasons.join('; ')})`,
    { fix: howToGetNats },
  );
}

async function explicitBinary(path: string): Promise<ServerBinary> {
  const binary = await inspectBinary(path);
  if (binary === undefined)
    throw badConfiguration('DROVER_NATS_SERVER', `names ${path}, which does not run as nats-server`);
  if (!isSupportedVersion(binary.version)) {
    throw new CommandError(
      'nats-unsupported',
      exitCodes.missing,
      `DROVER_NATS_SERVER names ${path}, which is nats-server ${binary.version}: ${minimumNatsVersion} or newer is needed`,
      { fix: howToGetNats },
    );
  }
  return binary;
}
