import { platform } from '../platform/platform.ts';
import { statOf } from '../platform/proc.ts';
import { processExists } from '../platform/process-signals.ts';

/**
 * Identifies one run of a process. The system can give the pid of an ended process to another process, but not the same
 * pid with the same start time. `startTime` is the kernel's value (clock ticks since boot) on Linux and empty
 * elsewhere.
 */
export interface ProcessIdentity {
  readonly pid: number;
  readonly startTime: string;
}

/** Undefined when no process has the pid, or a zombie has it. */
export function identityOf(pid: number): ProcessIdentity | undefined {
  const stat = statOf(pid);
  if (stat !== undefined) return stat.state === 'Z' ? undefined : { pid, startTime: stat.startTime };
  return platform.hasProc || !processExists(pid) ? undefined : { pid, startTime: '' };
}

/** Whether the process still runs; a zombie does not. */
export function isRunning(identity: ProcessIdentity): boolean {
  return identityOf(identity.pid)?.startTime === identity.startTime;
}
