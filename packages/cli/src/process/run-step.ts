import { spawn } from 'node:child_process';
import { killableGroup, killGroup } from '../platform/process-signals.ts';

export interface StepOptions {
  /** Time limit. When it is reached, the program and all processes that it has started are killed. */
  readonly timeoutMs: number;
  readonly cwd?: string;
  readonly env?: NodeJS.ProcessEnv;
}

export type StepResult =
  | { readonly ok: true; readonly stdout: string }
  /** `detail`: the reason in one line; `late`: the time limit was reached. */
  | { readonly ok: false; readonly detail: string; readonly late?: boolean };

const maxOutputBytes = 1_000_000;

/**
 * Runs one program to its end, without a shell. The program leads a process group, so that the processes that it has
 * started are killed with it. A failure is an ordinary outcome: the caller tries another program.
 */
export function runStep(command: string, args: readonly string[], options: StepOptions): Promise<StepResult> {
  return new Promise((resolve) => {
    const child = spawn(command, args, {
      stdio: ['ignore', 'pipe', 'pipe'],
      ...killableGroup,
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
    // This process can be stopped while a step runs.
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

function lastLine(text: string): string {
  return text.trimEnd().split('\n').at(-1) ?? '';
}
