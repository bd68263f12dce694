import { editDistance } from '@drover/actor-core/internal';
import { settings } from './table.ts';

/** ` (did you mean KEY?)` for a misspelt key, else an empty text. */
export function suggestion(given: string): string {
  const key = nearestKey(given);
  return key === undefined ? '' : ` (did you mean ${key}?)`;
}

/**
 * The key that is nearest to a misspelt key or to the field name of a package configuration; undefined if none is near.
 */
export function nearestKey(given: string): string | undefined {
  const wanted = plain(given);
  const near = settings
    .filter(({ hidden }) => hidden !== true)
    .map(({ key }) => ({ key, distance: editDistance(wanted, plain(key)) }))
    .toSorted((one, other) => one.distance - other.distance)[0];
  if (near === undefined || near.distance === 0) return near?.key;
  const byField = settings.find(({ fields }) =>
    (fields ?? []).some((field) => plain(field.slice(field.indexOf('.') + 1)) === wanted),
  );
  if (byField !== undefined) return byField.key;
  return near.distance <= Math.max(1, Math.floor(wanted.length / 3)) ? near.key : undefined;
}

/** Removes what does not count in the comparison of names: case, dashes and underscores. */
function plain(name: string): string {
  return name
    .slice(0, 64)
    .toLowerCase()
    .replaceAll(/[^a-z0-9]/g, '');
}
