import { platform } from './platform.ts';

/**
 * Option of `spawn` for a process of the fleet: it leads a process group of its own, so that a Ctrl-C in the terminal
 * signals only `drover up`, which then stops the others in order.
 */
export const ownGroup: { readonly detached: boolean } = { detached: true };

/** Option of `spawn` for a helper program, so that `killGroup` also ends what the program has started. */
export const killableGroup: { readonly detached: boolean } = { detached: platform.hasProcessGroups };

/** Kills a program that was started with `killableGroup`, and its group. */
export function killGroup(pid: number | undefined): void {
  if (pid === undefined) return;
  send(platform.hasProcessGroups ? -pid : pid, 'SIGKILL');
}

/** Signals a process; nothing happens when the process has ended or `pid` is not known. */
export function signalProcess(pid: number | undefined, signal: NodeJS.Signals): void {
  if (pid === undefined || pid <= 0) return;
  send(pid, signal);
}

/** True when a process with this pid exists, also one of another user. */
export function processExists(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}

function send(target: number, signal: NodeJS.Signals): void {
  try {
    process.kill(target, signal);
  } catch {
    // The process has ended.
  }
}
