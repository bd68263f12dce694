import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** A file system of 6 MiB, for tests of a full disk. */
export interface SmallDisk {
  readonly folder: string;
  /** Unmounts and removes it. */
  dispose(): void;
}

/** Mounts a small disk; undefined where this user may not mount one. */
export function mountSmallDisk(): SmallDisk | undefined {
  const folder = mkdtempSync(join(tmpdir(), 'drover-small-'));
  const remove = (): void => rmSync(folder, { recursive: true, force: true });
  try {
    execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=6m', 'drover-test', folder], { stdio: 'ignore' });
  } catch {
    remove();
    return undefined;
  }
  return {
    folder,
    dispose: () => {
      execFileSync('umount', ['-l', folder]);
      remove();
    },
  };
}

/** Writes files into the folder until its file system is full. */
export function fillDisk(folder: string): void {
  for (let index = 0; index < 4_096; index++) {
    try {
      writeFileSync(join(folder, `fill-${index}`), Buffer.alloc(4_096));
    } catch {
      return;
    }
  }
}
