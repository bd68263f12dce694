import { readFileSync } from 'node:fs';

/** Reads facts about processes from `/proc` of Linux. Every function returns undefined on a system without `/proc`. */

/** A process with its parent. */
export interface ProcessFacts {
  readonly pid: number;
  readonly parent: number;
  /** Command line. A process that has set its own title has the title as the only member. */
  readonly command: readonly string[];
}

/** Undefined also for a process that has ended. */
export function factsOf(pid: number): ProcessFacts | undefined {
  try {
    const status = readFileSync(`/proc/${pid}/status`, 'utf8');
    const command = readFileSync(`/proc/${pid}/cmdline`, 'utf8').replace(/\0+$/, '').split('\0');
    return { pid, parent: Number(/^PPid:\s+(\d+)/m.exec(status)?.[1] ?? 0), command };
  } catch {
    return undefined;
  }
}

/** Fields of `/proc/PID/stat`. */
export interface ProcessStat {
  /** One letter; `Z` is a zombie. */
  readonly state: string;
  /** Device number of the controlling terminal; 0 for none. */
  readonly terminal: number;
  /** Clock ticks from the start of the system to the start of the process. */
  readonly startTime: string;
}

/** Undefined also for a process that has ended. */
export function statOf(pid: number | 'self'): ProcessStat | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    // The name in parentheses may hold any character, so fields are counted from its end. State is field 3.
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    return { state: fields[0] ?? '', terminal: Number(fields[4] ?? 0), startTime: fields[19] ?? '' };
  } catch {
    return undefined;
  }
}

/** Soft limit of open files of this process; Infinity for no limit. */
export function openFilesLimit(): number | undefined {
  try {
    const match = /^Max open files\s+(\d+|unlimited)/m.exec(readFileSync('/proc/self/limits', 'utf8'));
    if (match?.[1] === undefined) return undefined;
    return match[1] === 'unlimited' ? Number.POSITIVE_INFINITY : Number(match[1]);
  } catch {
    return undefined;
  }
}
