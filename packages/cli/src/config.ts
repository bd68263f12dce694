import { homedir } from 'node:os';
import { join, resolve } from 'node:path';
import { badConfiguration } from './errors.ts';
import { requireLock } from './network/open-address.ts';
import { handedOn } from './settings/hand-on.ts';
import type { StatedSettings } from './settings/resolve-settings.ts';

/** What `drover up` runs, complete. */
export interface UpConfig {
  /** Port of the gateway; 0 takes any free one. @default 11500 */
  readonly port: number;
  /** Whether the port was asked for: an explicit one that is taken is an error, the default one moves on. */
  readonly portIsExplicit: boolean;
  /** Address the gateway listens on. @default '127.0.0.1' */
  readonly host: string;
  /** Addresses of Ollama hosts, as written. @default none: look for one */
  readonly ollama: readonly string[];
  /** Requests each Ollama is allowed at once (its OLLAMA_NUM_PARALLEL); 1 to 1024. @default 1 */
  readonly slots: number;
  /** Simulated hosts, 0 to 64; undefined decides by what is found. */
  readonly sim: number | undefined;
  /** A running NATS to use instead of an own one. */
  readonly nats: string | undefined;
  /** How `nats` was named, for errors. */
  readonly natsName: string;
  /** The nats-server program to run; undefined looks for one. */
  readonly natsServer: string | undefined;
  /** Credentials file for `nats`. */
  readonly creds: string | undefined;
  /** Data folder. */
  readonly data: string;
  /** Whether the folder was asked for: an explicit one in use is an error, the default one moves on. */
  readonly dataIsExplicit: boolean;
  /** `power`: a confirmed write survives power loss · `process`: it survives any process. @default 'power' */
  readonly durability: 'power' | 'process';
  /** Events as JSON lines on stdout. @default false */
  readonly json: boolean;
  /** Least severe line of the processes' logs that is shown. @default 'warn' */
  readonly logLevel: LogLevel;
  /** Stated settings that each role takes, as environment variables. */
  readonly handedOn: Readonly<Record<'gateway' | 'node-agent' | 'host', Readonly<Record<string, string>>>>;
}

export type LogLevel = 'debug' | 'info' | 'warn' | 'error';

export const defaults: Pick<UpConfig, 'port' | 'host' | 'slots' | 'durability' | 'logLevel'> = Object.freeze({
  port: 11_500,
  host: '127.0.0.1',
  slots: 1,
  durability: 'power',
  logLevel: 'warn',
});

/** The cell that every process of a `drover up` belongs to. */
export const cell = 'main';

/** @throws CommandError `bad-configuration` naming the setting that contradicts another */
export function resolveUpConfig(stated: StatedSettings, environment: NodeJS.ProcessEnv): UpConfig {
  const nats = stated.text('nats');
  for (const key of ['creds', 'durability', 'nats-server']) {
    const one = stated.stated(key);
    // A variable or a file may be shared with setups that use their own NATS; a flag is meant for this start.
    const isMeant = key !== 'nats-server' || one?.source.kind === 'flag';
    if (one !== undefined && isMeant && (nats === undefined) === (key === 'creds'))
      throw badConfiguration(stated.nameOf(one.setting), contradictions[key] ?? '');
  }
  // OLLAMA_HOST is an address to try, not a host that must exist.
  const ollama = isForeign(stated, 'ollama') ? [] : (stated.list('ollama') ?? []);
  const data = stated.text('data');
  const host = stated.text('host') ?? defaults.host;
  requireLock(host, stated.isOn('insecure'));
  return Object.freeze({
    port: stated.number('port') ?? defaults.port,
    portIsExplicit: stated.number('port') !== undefined,
    host,
    ollama: Object.freeze([...ollama]),
    slots: stated.number('slots') ?? defaults.slots,
    sim: stated.number('sim'),
    nats,
    natsName: isForeign(stated, 'nats') ? 'NATS_URL' : '--nats',
    natsServer: stated.text('nats-server'),
    creds: stated.text('creds'),
    data: resolve(data ?? defaultDataDir(environment)),
    dataIsExplicit: data !== undefined,
    durability: stated.text('durability') === 'process' ? 'process' : defaults.durability,
    json: stated.isOn('json'),
    logLevel: logLevelOf(stated) ?? defaults.logLevel,
    handedOn: {
      gateway: handedOn(stated, 'gateway'),
      'node-agent': handedOn(stated, 'node-agent'),
      host: handedOn(stated, 'host'),
    },
  });
}

const contradictions: Readonly<Record<string, string>> = {
  creds: 'goes with --nats: the NATS that Drover runs makes its own credentials',
  durability: 'is a setting of the NATS that Drover runs; with --nats that server decides',
  'nats-server': 'names the server that Drover runs; with --nats none is run',
};

export function logLevelOf(stated: StatedSettings): LogLevel | undefined {
  // The table has no other values.
  return stated.text('log-level') as LogLevel | undefined;
}

/** Whether a value comes from another program's variable. */
function isForeign(stated: StatedSettings, key: string): boolean {
  const source = stated.stated(key)?.source;
  return source?.kind === 'variable' && source.foreign;
}

/** `$XDG_DATA_HOME/drover/default`. */
export function defaultDataDir(environment: NodeJS.ProcessEnv): string {
  return join(
    nonEmpty(environment['XDG_DATA_HOME']) ?? join(homedir(), '.local', 'share'),
    'drover',
    'default',
  );
}

/** `$XDG_CACHE_HOME/drover/nats-server`. */
export function natsCacheDir(environment: NodeJS.ProcessEnv): string {
  return join(nonEmpty(environment['XDG_CACHE_HOME']) ?? join(homedir(), '.cache'), 'drover', 'nats-server');
}

function nonEmpty(value: string | undefined): string | undefined {
  return value === undefined || value.trim() === '' ? undefined : value;
}
