import { settings } from './table.ts';

/** ` (did you mean KEY?)` for a misspelt key, else nothing. */
export function suggestion(given: string): string {
  const key = nearestKey(given);
  return key === undefined ? '' : ` (did you mean ${key}?)`;
}

/** The key that is meant by a misspelt one, or by the name of a package's field; undefined where none is near. */
export function nearestKey(given: string): string | undefined {
  const wanted = plain(given);
  const near = settings
    .filter(({ hidden }) => hidden !== true)
    .map(({ key }) => ({ key, distance: distance(wanted, plain(key)) }))
    .toSorted((one, other) => one.distance - other.distance)[0];
  if (near === undefined || near.distance === 0) return near?.key;
  const byField = settings.find(({ fields }) =>
    (fields ?? []).some((field) => plain(field.slice(field.indexOf('.') + 1)) === wanted),
  );
  if (byField !== undefined) return byField.key;
  return near.distance <= Math.max(1, Math.floor(wanted.length / 3)) ? near.key : undefined;
}

/** Case, dashes and underscores do not tell two names apart. */
function plain(name: string): string {
  return name
    .slice(0, 64)
    .toLowerCase()
    .replaceAll(/[^a-z0-9]/g, '');
}

/** The fewest insertions, removals, replacements and swaps of neighbours (optimal string alignment). */
function distance(one: string, other: string): number {
  let before: number[] = [];
  let row = Array.from({ length: other.length + 1 }, (_, index) => index);
  for (let i = 1; i <= one.length; i += 1) {
    const next = [i];
    for (let j = 1; j <= other.length; j += 1) {
      const isSame = one[i - 1] === other[j - 1];
      const isSwap = i > 1 && j > 1 && one[i - 1] === other[j - 2] && one[i - 2] === other[j - 1];
      next.push(
        Math.min(
          (row[j] ?? 0) + 1,
          (next[j - 1] ?? 0) + 1,
          (row[j - 1] ?? 0) + (isSame ? 0 : 1),
          isSwap ? (before[j - 2] ?? 0) + 1 : Number.POSITIVE_INFINITY,
        ),
      );
    }
    before = row;
    row = next;
  }
  return row[other.length] ?? 0;
}
