import type { ModelListing, OllamaRunning, OllamaTag } from '@drover/fleet';

/**
 * `/api/tags` of the fleet: each name once, with the entry of the host that has the newest copy, newest first. Pure.
 */
export function mergeTags(listings: readonly ModelListing[]): readonly OllamaTag[] {
  return mergeByName(
    listings.flatMap(({ tags }) => tags),
    'modified_at',
  );
}

/**
 * `/api/ps` of the fleet: each name once, with the entry of the host that keeps it loaded longest, longest first. Pure.
 */
export function mergeRunning(listings: readonly ModelListing[]): readonly OllamaRunning[] {
  return mergeByName(
    listings.flatMap(({ running }) => running),
    'expires_at',
  );
}

function mergeByName<E extends Record<string, unknown> & { readonly name: string }>(
  entries: readonly E[],
  field: 'modified_at' | 'expires_at',
): readonly E[] {
  const newest = new Map<string, E>();
  for (const entry of entries) {
    const key = entry.name.toLowerCase();
    const known = newest.get(key);
    if (!known || compareTimes(entry[field], known[field]) > 0) newest.set(key, entry);
  }
  return [...newest.values()].toSorted(
    (a, b) => compareTimes(b[field], a[field]) || (a.name < b.name ? -1 : Number(a.name > b.name)),
  );
}

function compareTimes(a: unknown, b: unknown): number {
  const [left, right] = [timeOf(a), timeOf(b)];
  return left.ms === right.ms ? left.fraction - right.fraction : left.ms - right.ms;
}

/**
 * A time as milliseconds and a separate fraction, because one number is not precise enough to order the entries of one
 * pull.
 */
function timeOf(text: unknown): { ms: number; fraction: number } {
  const ms = typeof text === 'string' ? Date.parse(text) : Number.NaN;
  if (typeof text !== 'string' || Number.isNaN(ms)) return { ms: Number.MIN_SAFE_INTEGER, fraction: 0 };
  const below = /\.\d{3}(\d{1,6})/.exec(text)?.[1];
  return { ms, fraction: below === undefined ? 0 : Number(`0.${below}`) };
}
