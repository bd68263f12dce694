import { accessSync, constants, readdirSync } from 'node:fs';
import { homedir } from 'node:os';
import { delimiter, join } from 'node:path';

const program = 'nats-server';

/**
 * Path of a nats-server on this machine: `DROVER_NATS_SERVER`, else PATH, else the newest version that `drover up` has
 * fetched into its cache.
 *
 * @throws Error saying how to provide a nats-server, when there is none: a test that needs one must not be skipped
 * silently
 */
export function findNatsServer(): string {
  const { DROVER_NATS_SERVER: named, XDG_CACHE_HOME: cacheHome, PATH: searchPath = '' } = process.env;
  const candidates = [
    ...(named === undefined ? [] : [named]),
    ...searchPath.split(delimiter).map((folder) => join(folder, program)),
    ...(cacheHome === undefined ? [] : cachedUnder(cacheHome)),
    ...cachedUnder(join(homedir(), '.cache')),
  ];
  const found = candidates.find(isExecutable);
  if (found === undefined)
    throw new Error(
      'no nats-server found: set DROVER_NATS_SERVER to its path, put it on PATH, or run "drover up" once, which fetches one',
    );
  return found;
}

/** The versions in the cache of `drover up`, newest first. */
function cachedUnder(cacheHome: string): string[] {
  const folder = join(cacheHome, 'drover', program);
  try {
    return readdirSync(folder)
      .toSorted((one, other) => other.localeCompare(one, 'en', { numeric: true }))
      .map((version) => join(folder, version, program));
  } catch {
    return [];
  }
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}
