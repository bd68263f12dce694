import { resolve } from 'node:path';
import { badConfiguration } from './errors.ts';
import { defaultDataDir } from './platform/folders.ts';
import { roleVariables } from './settings/role-variables.ts';
import { zoneOf } from './settings/zone.ts';
import type { StatedSettings } from './settings/resolve-settings.ts';

/** The complete configuration of `drover up`. */
export interface UpConfig {
  /** Port of the gateway; 0 takes any free one. @default 11500 */
  readonly port: number;
  /** Whether the port was stated. A stated port in use is an error; for the default port the next free one is taken. */
  readonly portIsExplicit: boolean;
  /** Undefined: gRPC is not served. */
  readonly grpcPort: number | undefined;
  /** Address the gateway listens on. @default '127.0.0.1' */
  readonly host: string;
  /** Whether an address that other machines can reach is served without any key. @default false */
  readonly insecure: boolean;
  /** Issuer of tokens; '' for none. */
  readonly issuer: string;
  /** Certificate and key of the gateway, absolute paths; undefined for plain HTTP. */
  readonly tls: { readonly certFile: string; readonly keyFile: string } | undefined;
  /** Addresses of Ollama hosts, as written. @default none: an Ollama on this machine is looked for */
  readonly ollama: readonly string[];
  /** Requests that one Ollama gets at a time (its OLLAMA_NUM_PARALLEL); 1 to 1024. @default 1 */
  readonly slots: number;
  /** Number of simulated hosts, 0 to 64; undefined: some when no Ollama is found. */
  readonly sim: number | undefined;
  /** Address of a running NATS to use; undefined: `drover up` runs its own. */
  readonly nats: string | undefined;
  /** Flag or variable that gave `nats`, for errors. */
  readonly natsName: string;
  /** The nats-server program to run; undefined: one is looked for, else fetched. */
  readonly natsServer: string | undefined;
  /** Credentials file for `nats`. */
  readonly creds: string | undefined;
  /** Data folder. */
  readonly data: string;
  /** Whether the folder was stated. A stated folder in use is an error; for the default folder another one is taken. */
  readonly dataIsExplicit: boolean;
  /**
   * A confirmed write survives: `process`: the end of any process · `power`: also a loss of power · `any-one`: also the
   * loss of one of three servers. @default 'power', or 'any-one' with three servers
   */
  readonly durability: Durability;
  /** Servers of the NATS that `drover up` runs: 1 or 3. @default 1 */
  readonly natsServers: 1 | 3;
  /** Events as JSON lines on stdout. @default false */
  readonly json: boolean;
  /** Lowest level of the log lines that are shown. @default 'warn' */
  readonly logLevel: LogLevel;
  /** Stated settings for each role, as environment variables of its process. */
  readonly roleVariables: Readonly<
    Record<'gateway' | 'node-agent' | 'host', Readonly<Record<string, string>>>
  >;
}

export type Durability = 'power' | 'process' | 'any-one';

export type LogLevel = 'debug' | 'info' | 'warn' | 'error';

export const defaults: Pick<UpConfig, 'port' | 'host' | 'slots' | 'durability' | 'logLevel'> = Object.freeze({
  port: 11_500,
  host: '127.0.0.1',
  slots: 1,
  durability: 'power',
  logLevel: 'warn',
});

/** The cell of every process of a `drover up`. */
export const cell = 'main';

/** @throws CommandError `bad-configuration` naming the setting that contradicts another */
export function resolveUpConfig(stated: StatedSettings, environment: NodeJS.ProcessEnv): UpConfig {
  const nats = stated.text('nats');
  for (const key of ['creds', 'durability', 'nats-server', 'nats-servers']) {
    const one = stated.stated(key);
    // A variable or a file may be shared with starts that run their own NATS; a flag is meant for this start alone.
    const isMeant = key !== 'nats-server' || one?.source.kind === 'flag';
    if (one !== undefined && isMeant && (nats === undefined) === (key === 'creds'))
      throw badConfiguration(stated.nameOf(one.setting), contradictions[key] ?? '');
  }
  // OLLAMA_HOST is only an address to try: no Ollama has to answer there.
  const ollama = isForeign(stated, 'ollama') ? [] : (stated.list('ollama') ?? []);
  const data = stated.text('data');
  const natsServers = natsServersOf(stated);
  const host = stated.text('host') ?? defaults.host;
  // Checked here too: the roles get the zone, and their error would come late.
  zoneOf(stated);
  return Object.freeze({
    port: stated.number('port') ?? defaults.port,
    portIsExplicit: stated.number('port') !== undefined,
    grpcPort: stated.number('grpc-port'),
    host,
    insecure: stated.isOn('insecure'),
    issuer: stated.text('oidc-issuer') ?? '',
    tls: tlsOf(stated),
    ollama: Object.freeze([...ollama]),
    slots: stated.number('slots') ?? defaults.slots,
    sim: stated.number('sim'),
    nats,
    natsName: isForeign(stated, 'nats') ? 'NATS_URL' : '--nats',
    natsServer: stated.text('nats-server'),
    creds: stated.text('creds'),
    data: resolve(data ?? defaultDataDir(environment)),
    dataIsExplicit: data !== undefined,
    durability: durabilityOf(stated, natsServers),
    natsServers,
    json: stated.isOn('json'),
    logLevel: logLevelOf(stated) ?? defaults.logLevel,
    roleVariables: {
      gateway: roleVariables(stated, 'gateway'),
      'node-agent': roleVariables(stated, 'node-agent'),
      host: roleVariables(stated, 'host'),
    },
  });
}

const contradictions: Readonly<Record<string, string>> = {
  creds: 'goes with --nats: the NATS that Drover runs makes its own credentials',
  durability: 'is a setting of the NATS that Drover runs; with --nats that server decides',
  'nats-server': 'names the server that Drover runs; with --nats none is run',
  'nats-servers': 'counts the servers that Drover runs; with --nats none is run',
};

function tlsOf(stated: StatedSettings): UpConfig['tls'] {
  const [cert, key] = [stated.text('tls-cert'), stated.text('tls-key')];
  return cert === undefined || key === undefined
    ? undefined
    : { certFile: resolve(cert), keyFile: resolve(key) };
}

function natsServersOf(stated: StatedSettings): 1 | 3 {
  const count = stated.number('nats-servers') ?? 1;
  if (count === 1 || count === 3) return count;
  const one = stated.stated('nats-servers');
  throw badConfiguration(
    one === undefined ? '--nats-servers' : stated.nameOf(one.setting),
    `must be 1 or 3 (got ${count}): one server, or three of which any one may fail`,
  );
}

/** Three servers keep three copies, whatever the profile says about syncs. */
function durabilityOf(stated: StatedSettings, natsServers: 1 | 3): Durability {
  const one = stated.stated('durability');
  const profile = stated.text('durability') as Durability | undefined;
  if (one !== undefined && profile === 'any-one' && natsServers === 1)
    throw badConfiguration(stated.nameOf(one.setting), 'any-one needs three servers: add --nats-servers 3');
  return profile ?? (natsServers === 3 ? 'any-one' : defaults.durability);
}

export function logLevelOf(stated: StatedSettings): LogLevel | undefined {
  // The table of settings allows no other value.
  return stated.text('log-level') as LogLevel | undefined;
}

/** Whether a value comes from another program's variable. */
function isForeign(stated: StatedSettings, key: string): boolean {
  const source = stated.stated(key)?.source;
  return source?.kind === 'variable' && source.foreign;
}
