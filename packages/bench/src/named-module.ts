import { resolve } from 'node:path';
import { pathToFileURL } from 'node:url';

/** Value of `--arm NAME=PATH`: a module with an arm that a suite compares with ours. */
export interface NamedModule {
  readonly name: string;
  /** Absolute path. */
  readonly file: string;
}

/** The command line is wrong. Nothing was measured. */
export class UsageError extends Error {}

/** @throws UsageError unless the text is `NAME=PATH` */
export function parseNamedModule(text: string): NamedModule {
  const at = text.indexOf('=');
  if (at < 1) throw new UsageError(`--arm takes NAME=PATH (got ${text})`);
  return { name: text.slice(0, at), file: resolve(text.slice(at + 1)) };
}

/**
 * Loads the default export of an arm.
 *
 * @throws UsageError when the module does not exist, or its default export is not an arm of this suite
 */
export async function loadNamed<T>(
  { name, file }: NamedModule,
  looksRight: (value: Partial<T>) => boolean,
  expected: string,
): Promise<T> {
  let value: Partial<T> | undefined;
  try {
    value = ((await import(pathToFileURL(file).href)) as { default?: Partial<T> }).default;
  } catch (error) {
    throw new UsageError(`--arm ${name}: ${file} cannot be loaded: ${(error as Error).message}`, {
      cause: error,
    });
  }
  if (value === undefined || !looksRight(value))
    throw new UsageError(`--arm ${name}: the module has no default export with ${expected}`);
  return { ...(value as T), name };
}
