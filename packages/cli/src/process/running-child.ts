import type { ChildProcess } from 'node:child_process';
import { createInterface } from 'node:readline';
import type { Readable } from 'node:stream';

/** One life of a child process, as its supervisor sees it. */
export interface RunningChild {
  /** The pid people see; for a guarded program the program's, once it is known. */
  readonly pid: number;
  /** Resolves with what it reported when it was ready; never settles if it ends before. */
  readonly ready: Promise<ReadyReport>;
  readonly exited: Promise<ExitReport>;
  /** Asks for an orderly end. */
  requestStop(): void;
  /** Ends it abruptly, with everything it guards. */
  kill(): void;
}

/** What a child tells when it is ready; which fields there are depends on its role. */
export interface ReadyReport {
  readonly url?: string;
  readonly [field: string]: unknown;
}

export interface ExitReport {
  readonly code: number | null;
  readonly signal: string | null;
  /** The end of what it wrote to stderr. */
  readonly lastLines: readonly string[];
}

const keptLines = 20;

/** Calls `onLine` for each line of a stream and keeps the last ones. */
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

/** The end of a child, with its last lines complete: waits for its streams too, but not for ever. */
export function exitOf(
  child: ChildProcess,
  lines: { readonly last: readonly string[] },
): Promise<ExitReport> {
  return new Promise((resolve) => {
    const settle = (code: number | null, signal: string | null): void =>
      resolve({ code, signal, lastLines: [...lines.last] });
    child.once('exit', (code, signal) => {
      // A grandchild that inherited stderr would hold 'close' back.
      setTimeout(() => settle(code, signal), 50);
    });
    child.once('error', (error) => resolve({ code: null, signal: null, lastLines: [error.message] }));
  });
}

/** Signals a process that may be gone already. */
export function signalProcess(pid: number | undefined, signal: NodeJS.Signals): void {
  if (pid === undefined || pid <= 0) return;
  try {
    process.kill(pid, signal);
  } catch {
    // It ended in between.
  }
}
