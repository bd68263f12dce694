import type { ChildProcess } from 'node:child_process';
import { createInterface } from 'node:readline';
import type { Readable } from 'node:stream';

/** One run of a child process, as its supervisor sees it. */
export interface RunningChild {
  /** The pid that is reported; that of the guarded program, not of its guardian, once it is known. */
  readonly pid: number;
  /** Resolves with the report of the child when it is ready; never settles if the child ends before. */
  readonly ready: Promise<ReadyReport>;
  readonly exited: Promise<ExitReport>;
  /** Whether the child has reported that the cluster asked it to leave: it is not to be started again. */
  hasLeft?(): boolean;
  /** Asks the child for an orderly stop. */
  requestStop(): void;
  /** Ends the child abruptly, with the program that it guards. */
  kill(): void;
}

/** Report of a child that is ready. The fields depend on its role. */
export interface ReadyReport {
  readonly url?: string;
  readonly [field: string]: unknown;
}

export interface ExitReport {
  readonly code: number | null;
  readonly signal: string | null;
  /** Last lines of its stderr. */
  readonly lastLines: readonly string[];
}

const keptLines = 20;

/** Calls `onLine` for each line of a stream and keeps the last lines. */
export function followLines(
  stream: Readable,
  onLine: (line: string) => void,
): { readonly last: readonly string[] } {
  const last: string[] = [];
  createInterface({ input: stream, crlfDelay: Number.POSITIVE_INFINITY }).on('line', (line) => {
    if (line === '') return;
    last.push(line.slice(0, 2_000));
    if (last.length > keptLines) last.shift();
    onLine(line);
  });
  return { last };
}

/** The exit of a child. Waits a moment for the rest of its stderr, so that the last lines are complete. */
export function exitOf(
  child: ChildProcess,
  lines: { readonly last: readonly string[] },
): Promise<ExitReport> {
  return new Promise((resolve) => {
    const settle = (code: number | null, signal: string | null): void =>
      resolve({ code, signal, lastLines: [...lines.last] });
    child.once('exit', (code, signal) => {
      // Not the event 'close': a process that inherited stderr from the child would delay it.
      setTimeout(() => settle(code, signal), 50);
    });
    child.once('error', (error) => resolve({ code: null, signal: null, lastLines: [error.message] }));
  });
}
