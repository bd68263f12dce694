import { existsSync, linkSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { identityOf, isRunning, type ProcessIdentity } from '../process/process-identity.ts';

/** Lock of the `drover up` that uses a data folder. The lock ends with that process, even if the process is killed. */
export interface DataLock {
  readonly dataDir: string;
  release(): void;
}

export type LockOutcome =
  | { readonly ok: true; readonly lock: DataLock }
  /** `holder`: the process that has the lock. */
  | { readonly ok: false; readonly holder: ProcessIdentity };

/**
 * Takes the lock of a data folder, and makes the folder (0700) if needed. A lock whose process has ended is taken over.
 * The lock file is made by `link`, which is atomic, so that only one of two starts gets the lock.
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
  /** Set when the wanted folder was in use: that folder, and the pid of its `drover up`. */
  readonly movedFrom?: { readonly dataDir: string; readonly pid: number };
}

/**
 * Locks `wanted`, or with `mayMove` the first free folder of `wanted-2` to `wanted-99`.
 *
 * @returns `holderPid`, the pid of the process that uses `wanted`, when no folder could be locked
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

/**
 * Makes a private folder and its parents. Does not use `mkdir` with `recursive`, which never returns on systems that
 * answer ENOENT.
 */
function makeFolder(path: string): void {
  if (existsSync(path)) return;
  if (dirname(path) !== path) makeFolder(dirname(path));
  try {
    mkdirSync(path, { mode: 0o700 });
  } catch (error) {
    // Another start may have made the folder at the same moment.
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

/** Deletes a stale lock file. Renames it first: if two starts have seen the file, only one of them can rename it. */
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
    // Another start took the lock between our read and our rename: put its lock back.
    try {
      linkSync(aside, path);
    } catch {
      // A third start has the lock by now. The start whose lock was lost detects this itself.
    }
  }
  rmSync(aside, { force: true });
}

function release(path: string, self: ProcessIdentity): void {
  if (readLock(path)?.pid === self.pid) rmSync(path, { force: true });
}
