import type { CatalogueMessage, OllamaRunning, OllamaTag } from '@drover/fleet';

/** `/api/tags` of the fleet: each name once, as the host with the newest copy lists it, newest first. Pure. */
export function mergeTags(catalogues: readonly CatalogueMessage[]): readonly OllamaTag[] {
  return mergeByName(
    catalogues.flatMap(({ tags }) => tags),
    'modified_at',
  );
}

/** `/api/ps` of the fleet: each name once, as the host that keeps it longest lists it, longest first. Pure. */
export function mergeRunning(catalogues: readonly CatalogueMessage[]): readonly OllamaRunning[] {
  return mergeByName(
    catalogues.flatMap(({ running }) => running),
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
    if (!known || timeOf(entry, field) > timeOf(known, field)) newest.set(key, entry);
  }
  return [...newest.values()].toSorted(
    (a, b) => timeOf(b, field) - timeOf(a, field) || (a.name < b.name ? -1 : Number(a.name > b.name)),
  );
}

/** Milliseconds with the part below them: entries of one pull differ by less. */
function timeOf(entry: Record<string, unknown>, field: string): number {
  const text = entry[field];
  if (typeof text !== 'string') return Number.NEGATIVE_INFINITY;
  const wholeMs = Date.parse(text);
  if (Number.isNaN(wholeMs)) return Number.NEGATIVE_INFINITY;
  const fraction = /\.\d{3}(\d{1,6})/.exec(text)?.[1];
  return fraction === undefined ? wholeMs : wholeMs + Number(`0.${fraction}`);
}
