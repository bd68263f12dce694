import { homedir } from 'node:os';
import { join, resolve } from 'node:path';
import { badConfiguration } from './errors.ts';

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
}

export type LogLevel = 'debug' | 'info' | 'warn' | 'error';

/** What the command line and the environment said; undefined where they said nothing. */
export interface UpOptions {
  readonly port?: number;
  readonly host?: string;
  readonly ollama?: readonly string[];
  readonly slots?: number;
  readonly sim?: number;
  readonly nats?: string;
  readonly creds?: string;
  readonly data?: string;
  readonly durability?: string;
  readonly json?: boolean;
  readonly logLevel?: string;
}

export const defaults: Pick<UpConfig, 'port' | 'host' | 'slots' | 'durability' | 'logLevel'> = Object.freeze({
  port: 11_500,
  host: '127.0.0.1',
  slots: 1,
  durability: 'power',
  logLevel: 'warn',
});

/** The cell that every process of a `drover up` belongs to. */
export const cell = 'main';

const known: readonly string[] = [
  'port',
  'host',
  'ollama',
  'slots',
  'sim',
  'nats',
  'creds',
  'data',
  'durability',
  'json',
  'logLevel',
];

/** @throws CommandError `bad-configuration` naming the field that is unknown, out of range or contradicts another */
export function resolveUpConfig(options: UpOptions, environment: NodeJS.ProcessEnv): UpConfig {
  const unknown = Object.keys(options).find((name) => !known.includes(name));
  if (unknown !== undefined) throw badConfiguration(unknown, 'is no setting of drover up');
  const nats = options.nats ?? nonEmpty(environment['NATS_URL']);
  if (options.creds !== undefined && nats === undefined) {
    throw badConfiguration(
      '--creds',
      'goes with --nats: the NATS that Drover runs makes its own credentials',
    );
  }
  if (options.durability !== undefined && nats !== undefined) {
    throw badConfiguration(
      '--durability',
      'is a setting of the NATS that Drover runs; with --nats that server decides',
    );
  }
  return Object.freeze({
    port: within('--port', options.port ?? defaults.port, 0, 65_535),
    portIsExplicit: options.port !== undefined,
    host: nonBlank('--host', options.host ?? defaults.host),
    ollama: Object.freeze([...(options.ollama ?? [])]),
    slots: within('--slots', options.slots ?? defaults.slots, 1, 1_024),
    sim: options.sim === undefined ? undefined : within('--sim', options.sim, 0, 64),
    nats,
    creds: options.creds,
    data: resolve(nonBlank('--data', options.data ?? defaultDataDir(environment))),
    dataIsExplicit: options.data !== undefined,
    durability: oneOf('--durability', options.durability ?? defaults.durability, [
      'power',
      'process',
    ] as const),
    json: options.json ?? false,
    logLevel: oneOf('--log-level', options.logLevel ?? defaults.logLevel, [
      'debug',
      'info',
      'warn',
      'error',
    ] as const),
  });
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

function within(field: string, value: number, min: number, max: number): number {
  if (!Number.isInteger(value) || value < min || value > max) {
    throw badConfiguration(field, `must be a whole number from ${min} to ${max}`);
  }
  return value;
}

function nonBlank(field: string, value: string): string {
  if (value.trim() === '') throw badConfiguration(field, 'must not be empty');
  return value;
}

function oneOf<T extends string>(field: string, value: string, choices: readonly T[]): T {
  const choice = choices.find((candidate) => candidate === value);
  if (choice === undefined) throw badConfiguration(field, `must be ${choices.join(' or ')}, got ${value}`);
  return choice;
}

function nonEmpty(value: string | undefined): string | undefined {
  return value === undefined || value.trim() === '' ? undefined : value;
}
