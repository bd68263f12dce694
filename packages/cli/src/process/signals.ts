import { fstatSync } from 'node:fs';
import { isatty } from 'node:tty';
import { hasTerminal } from './process-table.ts';

/** What a further signal means. */
export type SignalMeaning = 'drain' | 'same-keystroke' | 'stop-at-once';

/**
 * One Ctrl-C reaches this process several times: from the terminal, from npm, from the launcher. Repeats within
 * this time of the first are the same keystroke.
 */
const sameKeystrokeMs = 150;

export function decideSignal(firstAtMs: number | undefined, nowMs: number): SignalMeaning {
  if (firstAtMs === undefined) return 'drain';
  return nowMs - firstAtMs < sameKeystrokeMs ? 'same-keystroke' : 'stop-at-once';
}

export interface SignalListener {
  /** The first signal. */
  readonly onStop: (signal: string) => void;
  /** A real second one. */
  readonly onStopAtOnce: () => void;
  /** The terminal went away, and this process is to stay. */
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
  // Asked now: once the terminal is gone, nothing tells that there was one.
  const stays = outlivesTerminal(hasTerminal(), [0, 1, 2].map(outletOf));
  process.on('SIGHUP', (signal) => {
    if (stays) onHangup?.();
    else handle(signal);
  });
}

/** Where an input or output leads. `file` holds /dev/null too: neither ends with a terminal. */
export type Outlet = 'terminal' | 'file' | 'other';

/**
 * Whether this process must survive a closing terminal, as started by `nohup`. Node resets the ignored SIGHUP that
 * `nohup` sets, so `nohup` is recognised by its redirections: none of stdin, stdout and stderr is the terminal.
 */
export function outlivesTerminal(isOfTerminal: boolean, outlets: readonly Outlet[]): boolean {
  return isOfTerminal && outlets.every((outlet) => outlet === 'file');
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
