import { spawn } from 'node:child_process';

export interface StepOptions {
  /** The whole step, its sub-processes included, is killed after this long. */
  readonly timeoutMs: number;
  readonly cwd?: string;
  readonly env?: NodeJS.ProcessEnv;
}

export type StepResult =
  | { readonly ok: true; readonly stdout: string }
  /** `detail`: one line that says why; `late`: it was the time limit. */
  | { readonly ok: false; readonly detail: string; readonly late?: boolean };

const maxOutputBytes = 1_000_000;

/**
 * Runs one program to its end, without a shell, in a process group of its own so that a time limit ends its
 * helpers too. Failing is an ordinary outcome here: the caller has other ways.
 */
export function runStep(command: string, args: readonly string[], options: StepOptions): Promise<StepResult> {
  return new Promise((resolve) => {
    const child = spawn(command, args, {
      stdio: ['ignore', 'pipe', 'pipe'],
      detached: process.platform !== 'win32',
      ...(options.cwd === undefined ? {} : { cwd: options.cwd }),
      ...(options.env === undefined ? {} : { env: options.env }),
    });
    let stdout = '';
    let stderr = '';
    let late = false;
    child.stdout.setEncoding('utf8').on('data', (text: string) => {
      if (stdout.length < maxOutputBytes) stdout += text;
    });
    child.stderr.setEncoding('utf8').on('data', (text: string) => {
      stderr = (stderr + text).slice(-4_000);
    });
    const end = (): void => killGroup(child.pid);
    const timer = setTimeout(() => {
      late = true;
      end();
    }, options.timeoutMs);
    // This process may be told to stop in the middle of a step.
    process.once('exit', end);
    child.once('error', (error: NodeJS.ErrnoException) => {
      clearTimeout(timer);
      resolve({ ok: false, detail: error.code === 'ENOENT' ? `${command} is not installed` : error.message });
    });
    child.once('close', (code, signal) => {
      clearTimeout(timer);
      process.off('exit', end);
      if (code === 0) resolve({ ok: true, stdout });
      else if (late)
        resolve({
          ok: false,
          detail: `${command} took longer than ${options.timeoutMs / 1000} s`,
          late: true,
        });
      else
        resolve({ ok: false, detail: `${command} ${signal ?? `exited with ${code}`}: ${lastLine(stderr)}` });
    });
  });
}

function killGroup(pid: number | undefined): void {
  if (pid === undefined) return;
  try {
    process.kill(process.platform === 'win32' ? pid : -pid, 'SIGKILL');
  } catch {
    // It ended in between.
  }
}

function lastLine(text: string): string {
  return text.trimEnd().split('\n').at(-1) ?? '';
}
