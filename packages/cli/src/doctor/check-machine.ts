import { existsSync } from 'node:fs';
import { access, constants, stat, statfs } from 'node:fs/promises';
import { join } from 'node:path';
import type { KeyRecord } from '@drover/gateway/keys';
import type { ClusterFile } from '../cluster/cluster-file.ts';
import { fetchGateway } from '../gateway-client/client-tls.ts';
import type { GatewayAddress } from '../gateway-client/gateway-address.ts';
import { isLoopbackAddress } from '../network/open-address.ts';
import { platform } from '../platform/platform.ts';
import { openFilesLimit } from '../platform/proc.ts';
import { bad, type Check, good } from './check.ts';

/** Free space below which a fault is reported, because JetStream keeps no reserve for a full disk. */
const wantedFreeBytes = 256 * 1024 * 1024;
/** A gateway uses a few files for each stream; the usual soft limit of 1024 is enough for about 300 clients. */
const wantedOpenFiles = 4_096;
const clockToleranceMs = 2_000;

export async function checkDataDir(dataDir: string): Promise<Check> {
  try {
    await access(dataDir, constants.W_OK);
    return (await isOpenToOthers(dataDir))
      ? bad('data folder', `${dataDir} holds keys and other users can read it`, `chmod 700 ${dataDir}`)
      : good('data folder', `${dataDir} is writable and private`);
  } catch (error) {
    const missing = (error as NodeJS.ErrnoException).code === 'ENOENT';
    return missing
      ? good('data folder', `${dataDir} does not exist yet`)
      : bad(
          'data folder',
          `${dataDir} cannot be written`,
          'make this user its owner, or name another folder with --data',
        );
  }
}

/** True if other users can read the folder; false on systems whose file modes do not show it. */
export async function isOpenToOthers(dataDir: string): Promise<boolean> {
  const { mode } = await stat(dataDir);
  return platform.hasFileModes && (mode & 0o077) !== 0;
}

export async function checkDisk(dataDir: string): Promise<Check> {
  try {
    const { bavail, bsize, blocks } = await statfs(dataDir);
    return judgeDisk(dataDir, bavail * bsize, blocks * bsize);
  } catch {
    return good('disk', `the free space of ${dataDir} cannot be read`);
  }
}

/** Pure. */
export function judgeDisk(dataDir: string, freeBytes: number, totalBytes: number): Check {
  const detail = `${mebibytes(freeBytes)} free of ${mebibytes(totalBytes)} where ${dataDir} is`;
  return freeBytes >= wantedFreeBytes ? good('disk', detail) : bad('disk', detail);
}

/** Checks only a NATS that `drover up` runs: its store is in the data folder. */
export function checkStoreFolder(cluster: ClusterFile | undefined, dataDir: string): Check {
  if (cluster?.issuer === undefined) return good('store folder', 'the store is not in this data folder');
  const folder = join(dataDir, 'jetstream');
  return existsSync(folder)
    ? good('store folder', `${folder} is there`)
    : bad('store folder', `store-missing: ${folder} was deleted under the running nats-server`);
}

export function checkAddress(cluster: ClusterFile | undefined, keys: readonly KeyRecord[]): Check {
  const host = cluster?.listenHost;
  if (host === undefined) return good('open address', 'not checked: no drover up uses this data folder');
  if (isLoopbackAddress(host))
    return good('open address', `the gateway listens on ${host}, which only this machine can reach`);
  if (cluster?.tokenIssuer !== undefined)
    return good(
      'open address',
      `the gateway listens on ${host} and asks for tokens of ${cluster.tokenIssuer}`,
    );
  return keys.length > 0
    ? good('open address', `the gateway listens on ${host} and asks for keys`)
    : bad('open address', `the gateway listens on ${host} and needs no key`);
}

/** Compares wall clocks. Fencing tokens and leases do not use them, but times in records and logs do. */
export async function checkClock({ url, tls }: GatewayAddress): Promise<Check> {
  try {
    const init = { signal: AbortSignal.timeout(3_000) };
    const response = await fetchGateway(new URL('/healthz', url).href, init, tls);
    await response.body?.cancel();
    const gatewayMs = Date.parse(response.headers.get('date') ?? '');
    if (Number.isNaN(gatewayMs)) return good('clock', 'not compared: the gateway sends no date');
    const differenceMs = Math.abs(Date.now() - gatewayMs);
    // The header `date` has whole seconds.
    return differenceMs <= clockToleranceMs
      ? good('clock', 'agrees with the clock of the gateway to the second')
      : bad('clock', `${Math.round(differenceMs / 1000)} s apart from the clock of the gateway`);
  } catch {
    return good('clock', 'not compared: the gateway does not answer');
  }
}

export function checkOpenFiles(): Check {
  const limit = openFilesLimit();
  if (limit === undefined) return good('open files', 'the limit cannot be read on this system');
  return limit >= wantedOpenFiles
    ? good('open files', `limit ${limit}`)
    : bad('open files', `limit ${limit}, wanted ${wantedOpenFiles} or more`);
}

export function checkNode(version: string): Check {
  return good('node', `version ${version}`);
}

function mebibytes(bytes: number): string {
  return `${Math.floor(bytes / 1024 / 1024)} MiB`;
}
