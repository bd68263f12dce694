import { type ChildProcess, spawn } from 'node:child_process';
import { createInterface } from 'node:readline';

/** A started program that has reported in a JSON line on stdout that it is ready. */
export interface ReadyProcess<T> {
  readonly child: ChildProcess;
  readonly ready: T;
  /** Sends SIGTERM, and SIGKILL after `graceMs`. Resolves when the process has ended. */
  stop(graceMs?: number): Promise<void>;
}

/**
 * Runs `node script args…` and waits for a stdout line `{"event":"ready",…}`; `onLine` gets every line.
 *
 * @throws Error with the end of its stderr when the program exits first or is not ready in time
 */
export async function startReady<T extends { event: string }>(
  script: string,
  args: readonly string[],
  options: { timeoutMs: number; env?: NodeJS.ProcessEnv; onLine?: (line: string) => void },
): Promise<ReadyProcess<T>> {
  const child = spawn(process.execPath, [script, ...args], {
    stdio: ['pipe', 'pipe', 'pipe'],
    env: options.env ?? process.env,
  });
  let errors = '';
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    errors = (errors + text).slice(-4000);
  });
  const exited = new Promise<void>((resolve) => {
    child.once('exit', () => resolve());
  });
  const { promise, resolve, reject } = Promise.withResolvers<T>();
  const timer = setTimeout(
    () => reject(new Error(`${script} was not ready within ${options.timeoutMs} ms\n${errors}`)),
    options.timeoutMs,
  );
  child.once('exit', (code) =>
    reject(new Error(`${script} ended with ${code} before it was ready\n${errors}`)),
  );
  createInterface({ input: child.stdout }).on('line', (line) => {
    options.onLine?.(line);
    if (!line.startsWith('{')) return;
    const value = JSON.parse(line) as T;
    if (value.event === 'ready') resolve(value);
  });
  const stop = async (graceMs = 15_000): Promise<void> => {
    if (child.exitCode !== null || child.signalCode !== null) return;
    child.kill('SIGTERM');
    const kill = setTimeout(() => child.kill('SIGKILL'), graceMs);
    await exited;
    clearTimeout(kill);
  };
  try {
    const ready = await promise;
    return { child, ready, stop };
  } catch (error) {
    await stop(1_000);
    throw error;
  } finally {
    clearTimeout(timer);
  }
}
