/**
 * Oldest nats-server that Drover runs on: from there JetStream proposals are fenced by term, which the fencing
 * tokens rely on.
 */
export const minimumNatsVersion = '2.14.4';

/** The release fetched where no package manager has a supported one. */
export const releaseNatsVersion = '2.15.1';

/** What to do about a missing or too old nats-server; the same words everywhere. */
export const howToGetNats: string =
  `install nats-server ${minimumNatsVersion} or newer (https://nats.io/download, or Debian's nats-server package from forky), ` +
  'then put it on PATH, name it in DROVER_NATS_SERVER, or point --nats at a running one';

/** `2.15.1` out of `nats-server: v2.15.1`, `v2.15.1-RC.1` and the like; undefined where there is none. */
export function parseVersion(text: string): string | undefined {
  return /\bv?(\d+\.\d+\.\d+)\b/.exec(text)?.[1];
}

/** Negative, zero or positive as `a` is older, equal or newer. Pre-release suffixes do not count. */
export function compareVersions(a: string, b: string): number {
  const left = a.split('.').map(Number);
  const right = b.split('.').map(Number);
  for (let index = 0; index < 3; index += 1) {
    const difference = (left[index] ?? 0) - (right[index] ?? 0);
    if (difference !== 0) return difference;
  }
  return 0;
}

export function isSupportedVersion(version: string): boolean {
  return compareVersions(version, minimumNatsVersion) >= 0;
}
