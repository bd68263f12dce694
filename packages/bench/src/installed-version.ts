import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';

/**
 * The version of a package, resolved from the module with the URL `from` (its `import.meta.url`).
 *
 * @throws Error when the package is not installed
 */
export function installedVersion(name: string, from: string): string {
  for (const folder of createRequire(from).resolve.paths(name) ?? []) {
    try {
      const text = readFileSync(join(folder, name, 'package.json'), 'utf8');
      return (JSON.parse(text) as { version: string }).version;
    } catch {
      // Not in this folder: try the folder above.
    }
  }
  throw new Error(`the npm package ${name} is not installed`);
}
