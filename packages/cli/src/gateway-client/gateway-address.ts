import { resolve } from 'node:path';
import { type ClusterFile, readClusterFile } from '../cluster/cluster-file.ts';
import { defaults } from '../config.ts';
import { CommandError, exitCodes } from '../errors.ts';
import { defaultDataDir } from '../platform/folders.ts';
import type { StatedSettings } from '../settings/resolve-settings.ts';

/** The gateway to which a command sends requests, and how its address was found. */
export interface GatewayAddress {
  readonly url: string;
  /** For errors: `from --url`, `of the drover up with the data folder D`, … */
  readonly origin: string;
}

const defaultUrl = `http://${defaults.host}:${defaults.port}`;

export interface FindOptions {
  /** Fail when a stated data folder has no running cluster. @default true */
  readonly mustRun?: boolean;
}

/**
 * The stated address, else that of the `drover up` that runs with the data folder, else the default address.
 *
 * @throws CommandError `cluster-missing` when a data folder was stated and no `drover up` runs with it
 */
export function findGateway(
  stated: StatedSettings,
  environment: NodeJS.ProcessEnv,
  { mustRun = true }: FindOptions = {},
  readCluster: (dataDir: string) => Pick<ClusterFile, 'gatewayUrl'> | undefined = readClusterFile,
): GatewayAddress {
  const url = stated.stated('url');
  if (url !== undefined) return { url: String(url.value), origin: `from ${stated.nameOf(url.setting)}` };
  const data = stated.stated('data');
  const dataDir = dataDirOf(stated, environment);
  const cluster = readCluster(dataDir);
  if (cluster !== undefined)
    return { url: cluster.gatewayUrl, origin: `of the drover up with the data folder ${dataDir}` };
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

export function dataDirOf(stated: StatedSettings, environment: NodeJS.ProcessEnv): string {
  return resolve(stated.text('data') ?? defaultDataDir(environment));
}
