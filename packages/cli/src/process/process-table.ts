import { readFileSync } from 'node:fs';

/** Facts of the system about a process. */
export interface ProcessFacts {
  readonly pid: number;
  readonly parent: number;
  /** Its command line; a title that it gave itself is one member. */
  readonly command: readonly string[];
}

/** Undefined for a process that is gone, and where the system has no /proc. */
export function factsOf(pid: number): ProcessFacts | undefined {
  try {
    const status = readFileSync(`/proc/${pid}/status`, 'utf8');
    const command = readFileSync(`/proc/${pid}/cmdline`, 'utf8').replace(/\0+$/, '').split('\0');
    return { pid, parent: Number(/^PPid:\s+(\d+)/m.exec(status)?.[1] ?? 0), command };
  } catch {
    return undefined;
  }
}

/** Whether a terminal can send signals to this process: false after `setsid`, in a service, in a container. */
export function hasTerminal(): boolean {
  try {
    const stat = readFileSync('/proc/self/stat', 'utf8');
    // The name in parentheses may hold anything, so count from its end: state is field 3, the terminal field 7.
    return Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[4]) !== 0;
  } catch {
    return false;
  }
}
