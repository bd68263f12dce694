import { errorLine } from '../errors.ts';

/**
 * True when `work` was not done within `limitMs`. A failure of `work` is written to stderr and counts as done, because
 * the process ends anyway.
 */
export async function exceedsLimit(work: Promise<void>, limitMs: number): Promise<boolean> {
  const { promise: late, resolve } = Promise.withResolvers<boolean>();
  const timer = setTimeout(() => resolve(true), limitMs);
  const done = work.then(
    () => false,
    (error: unknown) => {
      process.stderr.write(`${errorLine(error)}\n`);
      return false;
    },
  );
  const result = await Promise.race([done, late]);
  clearTimeout(timer);
  return result;
}
