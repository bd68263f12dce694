/**
 * The lowest of the given Ollama versions: every host of the fleet has the features of that version. A pre-release is
 * lower than its release, as in semver. Pure; undefined for an empty list.
 */
export function lowestVersion(versions: readonly string[]): string | undefined {
  return versions.filter((version) => version !== '').toSorted(compareVersions)[0];
}

function compareVersions(a: string, b: string): number {
  const [left, right] = [parts(a), parts(b)];
  for (let index = 0; index < 3; index++) {
    const difference = (left.numbers[index] ?? 0) - (right.numbers[index] ?? 0);
    if (difference !== 0) return difference;
  }
  if (left.pre === right.pre) return 0;
  if (left.pre === '') return 1;
  if (right.pre === '') return -1;
  return left.pre < right.pre ? -1 : 1;
}

function parts(version: string): { numbers: readonly number[]; pre: string } {
  const [core = '', ...rest] = version.replace(/^v/, '').replace(/\+.*$/, '').split('-');
  return { numbers: core.split('.').map((piece) => Number.parseInt(piece, 10) || 0), pre: rest.join('-') };
}
