import { fstatSync } from 'node:fs';
import { isatty } from 'node:tty';
import { statOf } from '../platform/proc.ts';

/** Reaction to a signal. */
export type SignalMeaning = 'drain' | 'same-keystroke' | 'stop-at-once';

/**
 * One Ctrl-C reaches this process several times: from the terminal, from npm and from the launcher. A signal within
 * this time after the first one counts as the same keystroke.
 */
const sameKeystrokeMs = 150;

export function decideSignal(firstAtMs: number | undefined, nowMs: number): SignalMeaning {
  if (firstAtMs === undefined) return 'drain';
  return nowMs - firstAtMs < sameKeystrokeMs ? 'same-keystroke' : 'stop-at-once';
}

export interface SignalListener {
  /** Called at the first signal. */
  readonly onStop: (signal: string) => void;
  /** Called at a second signal that does not come from the same keystroke as the first. */
  readonly onStopAtOnce: () => void;
  /** Called when the terminal closed and this process continues to run. */
  readonly onHangup?: () => void;
}

/** Listens for SIGINT, SIGTERM and SIGHUP. */
export function listenForSignals({ onStop, onStopAtOnce, onHangup }: SignalListener): void {
  let firstAtMs: number | undefined;
  const handle = (signal: string): void => {
    const nowMs = performance.now();
    const meaning = decideSignal(firstAtMs, nowMs);
    firstAtMs ??= nowMs;
    if (meaning === 'drain') onStop(signal);
    else if (meaning === 'stop-at-once') onStopAtOnce();
  };
  process.on('SIGINT', handle);
  process.on('SIGTERM', handle);
  // Checked at the start: after the terminal has closed, the system no longer shows that this process had a terminal.
  const stays = outlivesTerminal(hasTerminal(), [0, 1, 2].map(outletOf));
  process.on('SIGHUP', (signal) => {
    if (stays) onHangup?.();
    else handle(signal);
  });
}

/** Kind of an input or output. `/dev/null` counts as a file: both stay open when a terminal closes. */
export type Outlet = 'terminal' | 'file' | 'other';

/**
 * Whether this process must survive a closing terminal, because `nohup` started it. Node resets the ignored SIGHUP that
 * `nohup` sets, so `nohup` is recognised by its redirections: none of stdin, stdout and stderr is the terminal.
 */
export function outlivesTerminal(isOfTerminal: boolean, outlets: readonly Outlet[]): boolean {
  return isOfTerminal && outlets.every((outlet) => outlet === 'file');
}

/** Whether a terminal can signal this process: false after `setsid`, in a service and in a container. */
function hasTerminal(): boolean {
  return (statOf('self')?.terminal ?? 0) !== 0;
}

function outletOf(descriptor: number): Outlet {
  if (isatty(descriptor)) return 'terminal';
  try {
    const facts = fstatSync(descriptor);
    return facts.isFile() || facts.isCharacterDevice() ? 'file' : 'other';
  } catch {
    return 'other';
  }
}
