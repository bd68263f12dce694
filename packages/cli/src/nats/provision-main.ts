/**
 * Finds or fetches a nats-server as `drover up` does and prints its path, for tests that run a nats-server themselves.
 * Usage: `node provision-main.js`; exit code 3 and one line on stderr when there is none.
 */
import { CommandError, errorLine, exitCodes } from '../errors.ts';
import { natsCacheDir } from '../platform/folders.ts';
import { provisionServer } from './provision.ts';

try {
  const binary = await provisionServer({
    explicitPath: process.env['DROVER_NATS_SERVER'],
    searchPath: process.env['PATH'] ?? '',
    cacheDir: natsCacheDir(process.env),
    progress: (line) => process.stderr.write(`${line}\n`),
  });
  process.stdout.write(`${binary.path}\n`);
} catch (error) {
  process.stderr.write(`${errorLine(error)}\n`);
  process.exitCode = error instanceof CommandError ? error.exitCode : exitCodes.internal;
}
