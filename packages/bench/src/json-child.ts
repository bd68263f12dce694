import { spawn } from 'node:child_process';

/** Bytes of stdout, and of stderr, that are kept of a child. */
const keptOutput = 64 * 1024;

/**
 * Runs a program to its end and parses the last line of its stdout that is a JSON object.
 *
 * @throws Error with the end of its stderr when the program fails, prints no such line, or takes longer than
 *   `timeoutMs`
 */
export async function runForJson<T>(
  file: string,
  args: readonly string[],
  options: { timeoutMs: number },
): Promise<T> {
  const child = spawn(file, [...args], { stdio: ['ignore', 'pipe', 'pipe'] });
  let output = '';
  let errors = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    output = (output + text).slice(-keptOutput);
  });
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    errors = (errors + text).slice(-keptOutput);
  });
  let late = false;
  const timer = setTimeout(() => {
    late = true;
    child.kill('SIGKILL');
  }, options.timeoutMs);
  const code = await new Promise<number | null>((resolve, reject) => {
    child.once('error', reject);
    child.once('close', resolve);
  }).finally(() => clearTimeout(timer));
  const tail = errors.trim().split('\n').slice(-8).join('\n');
  if (late) throw new Error(`${file} took longer than ${options.timeoutMs} ms\n${tail}`);
  const line = output
    .split('\n')
    .filter((text) => text.startsWith('{'))
    .at(-1);
  if (code !== 0 || line === undefined) throw new Error(`${file} ended with ${code}\n${tail}`);
  return JSON.parse(line) as T;
}
