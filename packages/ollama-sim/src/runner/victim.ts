/** Properties that decide the choice of a victim. */
export interface Evictable {
  readonly references: number;
  readonly keepAliveMs: number;
  readonly path: string;
}

/**
 * Chooses the runner to unload so that another runner fits. The runners are ordered by keep_alive and then by path; the
 * first idle runner is chosen, else the first runner. Last use and size do not matter. keep_alive -1 does not protect a
 * runner: it only sorts last.
 */
export function decideVictim<T extends Evictable>(loaded: readonly T[]): T | null {
  const ordered = loaded.toSorted(
    (a, b) => compare(a.keepAliveMs, b.keepAliveMs) || a.path.localeCompare(b.path),
  );
  return ordered.find((runner) => runner.references === 0) ?? ordered[0] ?? null;
}

/** Largest share of the free memory for a new runner. */
const FIT_SHARE = 0.8;

/** Whether a runner fits beside the loaded ones. A single runner is always loaded, partly in RAM if necessary. */
export function fits(neededBytes: number, freeBytes: number, loadedCount: number): boolean {
  return loadedCount === 0 || neededBytes <= freeBytes * FIT_SHARE;
}

function compare(a: number, b: number): number {
  return a === b ? 0 : a - b;
}
