/**
 * Oldest supported nats-server. From this version on, JetStream fences proposals by the term of its stream leader,
 * which the fencing tokens of Drover need.
 */
export const minimumNatsVersion = '2.14.4';

/** The release that is fetched from GitHub. */
export const releaseNatsVersion = '2.15.1';

/** What to do about a missing or too old nats-server, for all errors. */
export const howToGetNats: string =
  `install nats-server ${minimumNatsVersion} or newer (https://nats.io/download, or Debian's nats-server package from forky), ` +
  'then put it on PATH, name it in DROVER_NATS_SERVER, or name a running one with --nats';

/** `2.15.1` from `nats-server: v2.15.1` or `v2.15.1-RC.1`; undefined for a text without a version. */
export function parseVersion(text: string): string | undefined {
  return /\bv?(\d+\.\d+\.\d+)\b/.exec(text)?.[1];
}

/** Negative when `a` is older than `b`, positive when newer, else zero. Suffixes of pre-releases are ignored. */
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
