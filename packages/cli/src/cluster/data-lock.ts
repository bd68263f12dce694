import { existsSync, linkSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { identityOf, isRunning, type ProcessIdentity } from '../process/process-identity.ts';

/** Held by the one `drover up` that uses a data folder; ends with it even when it is killed. */
export interface DataLock {
  readonly dataDir: string;
  release(): void;
}

export type LockOutcome =
  | { readonly ok: true; readonly lock: DataLock }
  /** The process that has it. */
  | { readonly ok: false; readonly holder: ProcessIdentity };

/**
 * Takes the lock of a data folder, making the folder (0700) if needed. A lock whose process is gone is taken
 * over. The file appears by `link`, complete or not at all, so that two starts cannot both win.
 */
export function acquireDataLock(dataDir: string): LockOutcome {
  makeFolder(dataDir);
  const path = join(dataDir, 'lock');
  const draft = join(dataDir, `.lock-${process.pid}`);
  const self = identityOf(process.pid) ?? { pid: process.pid, startTime: '' };
  writeFileSync(draft, JSON.stringify(self), { mode: 0o600 });
  try {
    for (let attempt = 0; attempt < 5; attempt += 1) {
      try {
        linkSync(draft, path);
        return { ok: true, lock: { dataDir, release: () => release(path, self) } };
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
      }
      const holder = readLock(path);
      if (holder !== undefined && isRunning(holder)) return { ok: false, holder };
      removeStale(path, holder);
    }
    return { ok: false, holder: readLock(path) ?? { pid: 0, startTime: '' } };
  } finally {
    rmSync(draft, { force: true });
  }
}

export interface ChosenDataDir {
  readonly lock: DataLock;
  /** Set when the wanted folder was taken: who has it. */
  readonly movedFrom?: { readonly dataDir: string; readonly pid: number };
}

/**
 * Locks `wanted`, or the first free one of `wanted-2` to `wanted-99` when it may move.
 *
 * @returns undefined when the folder is in use and may not move, with the holder's pid in `holderPid`
 */
export function lockDataDir(
  wanted: string,
  options: { readonly mayMove: boolean },
): ChosenDataDir | { readonly holderPid: number } {
  const first = acquireDataLock(wanted);
  if (first.ok) return { lock: first.lock };
  if (!options.mayMove) return { holderPid: first.holder.pid };
  for (let number = 2; number < 100; number += 1) {
    const next = acquireDataLock(`${wanted}-${number}`);
    if (next.ok) return { lock: next.lock, movedFrom: { dataDir: wanted, pid: first.holder.pid } };
  }
  return { holderPid: first.holder.pid };
}

/** Makes a private folder and those above it. (`recursive` of mkdir never returns where the system refuses with ENOENT.) */
function makeFolder(path: string): void {
  if (existsSync(path)) return;
  if (dirname(path) !== path) makeFolder(dirname(path));
  try {
    mkdirSync(path, { mode: 0o700 });
  } catch (error) {
    // Another start may have made it at the same moment.
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
  }
}

function readLock(path: string): ProcessIdentity | undefined {
  try {
    const value = JSON.parse(readFileSync(path, 'utf8')) as Partial<ProcessIdentity>;
    if (typeof value.pid !== 'number' || typeof value.startTime !== 'string') return undefined;
    return { pid: value.pid, startTime: value.startTime };
  } catch {
    return undefined;
  }
}

/** Moves the stale file aside before deleting it: of two starts that saw it, one rename wins. */
function removeStale(path: string, seen: ProcessIdentity | undefined): void {
  const aside = `${path}.stale-${process.pid}`;
  try {
    renameSync(path, aside);
  } catch {
    return;
  }
  const moved = readLock(aside);
  const isFresh = moved !== undefined && (moved.pid !== seen?.pid || moved.startTime !== seen.startTime);
  if (isFresh && isRunning(moved)) {
    // Another start took over between our look and our rename: give it its lock back.
    try {
      linkSync(aside, path);
    } catch {
      // Someone else has it by now; that start finds out by its own means.
    }
  }
  rmSync(aside, { force: true });
}

function release(path: string, self: ProcessIdentity): void {
  if (readLock(path)?.pid === self.pid) rmSync(path, { force: true });
}
