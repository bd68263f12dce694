import { homedir } from 'node:os';
import { join } from 'node:path';

/** `$XDG_DATA_HOME/drover/default`, the data folder where none is named. */
export function defaultDataDir(environment: NodeJS.ProcessEnv): string {
  return join(
    nonEmpty(environment['XDG_DATA_HOME']) ?? join(homedir(), '.local', 'share'),
    'drover',
    'default',
  );
}

/** `$XDG_CACHE_HOME/drover/nats-server`, where a fetched nats-server is kept. */
export function natsCacheDir(environment: NodeJS.ProcessEnv): string {
  return join(nonEmpty(environment['XDG_CACHE_HOME']) ?? join(homedir(), '.cache'), 'drover', 'nats-server');
}

function nonEmpty(value: string | undefined): string | undefined {
  return value === undefined || value.trim() === '' ? undefined : value;
}
