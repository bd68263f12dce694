import { existsSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { residentBytes } from '@drover/bench';
import type { Held } from './heap-watch.ts';
import { waitUntil } from './wait-until.ts';

/** Environment for a cluster whose processes report the objects that they hold. */
export function watchedEnvironment(folder: string): NodeJS.ProcessEnv {
  const module = new URL('../dist/lib/heap-watch.js', import.meta.url).href;
  return { NODE_OPTIONS: `--import=${module}`, HEAP_WATCH_DIR: folder };
}

/** Objects and open files that a process holds. */
export interface HeldOutside extends Held {
  readonly descriptors: number;
  readonly residentBytes: number;
}

/** Asks one process of a cluster that was started with `watchedEnvironment`; counts its heap only if `what` asks so. */
export async function heldBy(
  pid: number,
  folder: string,
  what: 'heap' | 'bytes' | 'resources',
): Promise<HeldOutside> {
  const file = join(folder, `${pid}.json`);
  rmSync(file, { force: true });
  writeFileSync(join(folder, `${pid}.want`), what);
  process.kill(pid, 'SIGUSR2');
  await waitUntil(`process ${pid} reports what it holds`, () => existsSync(file), { timeoutMs: 30_000 });
  const held = JSON.parse(readFileSync(file, 'utf8')) as Held;
  return {
    ...held,
    descriptors: readdirSync(`/proc/${pid}/fd`).length,
    residentBytes: residentBytes(pid) ?? Number.NaN,
  };
}
