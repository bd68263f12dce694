/** What the choice of a victim looks at. */
export interface Evictable {
  readonly references: number;
  readonly keepAliveMs: number;
  readonly path: string;
}

/**
 * Whom to unload to make room: ordered by keep_alive (then path), the first idle one, else the first. Neither age of
 * use nor size counts, and keep_alive -1 only sorts last.
 */
export function decideVictim<T extends Evictable>(loaded: readonly T[]): T | null {
  const ordered = loaded.toSorted(
    (a, b) => compare(a.keepAliveMs, b.keepAliveMs) || a.path.localeCompare(b.path),
  );
  return ordered.find((runner) => runner.references === 0) ?? ordered[0] ?? null;
}

/** Share of the free memory a new runner may be predicted to take. */
const FIT_SHARE = 0.8;

/** Whether a runner fits beside the loaded ones. Alone it is always loaded, with what does not fit left in RAM. */
export function fits(neededBytes: number, freeBytes: number, loadedCount: number): boolean {
  return loadedCount === 0 || neededBytes <= freeBytes * FIT_SHARE;
}

function compare(a: number, b: number): number {
  return a === b ? 0 : a - b;
}
