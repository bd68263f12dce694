import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { type ClusterFile, readClusterFile } from '../cluster/cluster-file.ts';
import { defaults } from '../config.ts';
import { badConfiguration, CommandError, exitCodes } from '../errors.ts';
import type { ClientTls } from './client-tls.ts';
import { readLocalKey } from '../keys/keys-file.ts';
import { isLoopbackAddress } from '../network/open-address.ts';
import { defaultDataDir } from '../platform/folders.ts';
import type { StatedSettings } from '../settings/resolve-settings.ts';

/** The gateway to which a command sends requests, and how its address was found. */
export interface GatewayAddress {
  readonly url: string;
  /** For errors: `from --url`, `of the drover up with the data folder D`, … */
  readonly origin: string;
  /** Key that requests carry; absent where none is known. */
  readonly key?: string;
  /** Files for an https address. */
  readonly tls?: ClientTls;
}

const defaultUrl = `http://${defaults.host}:${defaults.port}`;

export interface FindOptions {
  /** Fail when a stated data folder has no running cluster. @default true */
  readonly mustRun?: boolean;
}

/**
 * The stated address, else that of the `drover up` that runs with the data folder, else the default address. With it
 * the stated key, else that of the data folder: the latter goes to a gateway on this machine only, or where the folder
 * was named for it.
 *
 * @throws CommandError `cluster-missing` when a data folder was stated and no `drover up` runs with it;
 *   `bad-configuration` for a key that cannot be read
 */
export function findGateway(
  stated: StatedSettings,
  environment: NodeJS.ProcessEnv,
  options: FindOptions = {},
  readCluster: ReadCluster = readClusterFile,
): GatewayAddress {
  const address = withTls(stated, addressOf(stated, environment, options, readCluster));
  const isTrusted = isOnThisMachine(address.url) || stated.stated('data') !== undefined;
  const key = statedKey(stated) ?? (isTrusted ? readLocalKey(dataDirOf(stated, environment)) : undefined);
  return key === undefined ? address : { ...address, key };
}

/** Stated files go before those of the cluster of this machine. */
function withTls(stated: StatedSettings, { tls, ...address }: GatewayAddress): GatewayAddress {
  if (!address.url.startsWith('https:')) return address;
  const [caFile, certFile, keyFile] = ['tls-ca', 'tls-cert', 'tls-key'].map((key) => stated.text(key));
  if (certFile === undefined && keyFile === undefined) return { ...address, tls: { ...tls, caFile } };
  return { ...address, tls: { ...tls, caFile, certFile, keyFile } };
}

type ReadCluster = (dataDir: string) => Pick<ClusterFile, 'gatewayUrl' | 'gatewayTls'> | undefined;

function addressOf(
  stated: StatedSettings,
  environment: NodeJS.ProcessEnv,
  { mustRun = true }: FindOptions,
  readCluster: ReadCluster,
): GatewayAddress {
  const url = stated.stated('url');
  if (url !== undefined) return { url: String(url.value), origin: `from ${stated.nameOf(url.setting)}` };
  const data = stated.stated('data');
  const dataDir = dataDirOf(stated, environment);
  const cluster = readCluster(dataDir);
  if (cluster !== undefined)
    return {
      url: cluster.gatewayUrl,
      origin: `of the drover up with the data folder ${dataDir}`,
      tls: { ...cluster.gatewayTls, isOwnGateway: true },
    };
  if (data !== undefined && mustRun) {
    throw new CommandError(
      'cluster-missing',
      exitCodes.missing,
      `no drover up runs with the data folder ${dataDir} (from ${stated.nameOf(data.setting)})`,
      { fix: 'start one with it, or name the address of a gateway with --url' },
    );
  }
  return { url: defaultUrl, origin: `the default, since no drover up runs with ${dataDir}` };
}

/** The key of --key, or of the file or stdin that it names. @throws CommandError `bad-configuration` */
function statedKey(stated: StatedSettings): string | undefined {
  const one = stated.stated('key');
  const text = stated.text('key');
  if (one === undefined || text === undefined) return undefined;
  if (text !== '-' && !text.startsWith('@')) return text.trim();
  const name = stated.nameOf(one.setting);
  try {
    const read = readFileSync(text === '-' ? 0 : text.slice(1), 'utf8').trim();
    if (read !== '') return read;
  } catch (error) {
    throw badConfiguration(name, `cannot be read from ${text} (${(error as NodeJS.ErrnoException).code})`);
  }
  throw badConfiguration(name, `names ${text}, which is empty`);
}

function isOnThisMachine(url: string): boolean {
  return URL.canParse(url) && isLoopbackAddress(new URL(url).hostname);
}

export function dataDirOf(stated: StatedSettings, environment: NodeJS.ProcessEnv): string {
  return resolve(stated.text('data') ?? defaultDataDir(environment));
}
