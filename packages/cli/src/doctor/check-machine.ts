import { existsSync } from 'node:fs';
import { access, constants, stat, statfs } from 'node:fs/promises';
import { join } from 'node:path';
import type { ClusterFile } from '../cluster/cluster-file.ts';
import { isLoopbackAddress } from '../network/open-address.ts';
import { bad, type Check, good } from './check.ts';

/** Free space below which a fault is reported, before the disk is full; JetStream keeps no reserve. */
const wantedFreeBytes = 256 * 1024 * 1024;

export async function checkDataDir(dataDir: string): Promise<Check> {
  try {
    await access(dataDir, constants.W_OK);
    return (await isOpenToOthers(dataDir))
      ? bad('data folder', `${dataDir} holds keys and others may look into it`, `chmod 700 ${dataDir}`)
      : good('data folder', `${dataDir} is writable and private`);
  } catch (error) {
    const missing = (error as NodeJS.ErrnoException).code === 'ENOENT';
    return missing
      ? good('data folder', `${dataDir} does not exist yet`)
      : bad('data folder', `${dataDir} cannot be written`, 'make it yours, or name another with --data');
  }
}

/** Whether other users may read the folder; false where the permissions are unknown. */
export async function isOpenToOthers(dataDir: string): Promise<boolean> {
  const { mode } = await stat(dataDir);
  return process.platform !== 'win32' && (mode & 0o077) !== 0;
}

export async function checkDisk(dataDir: string): Promise<Check> {
  try {
    const { bavail, bsize, blocks } = await statfs(dataDir);
    return judgeDisk(dataDir, bavail * bsize, blocks * bsize);
  } catch {
    return good('disk', `the space of ${dataDir} cannot be read`);
  }
}

/** Pure. */
export function judgeDisk(dataDir: string, freeBytes: number, totalBytes: number): Check {
  const detail = `${mebibytes(freeBytes)} free of ${mebibytes(totalBytes)} where ${dataDir} is`;
  return freeBytes >= wantedFreeBytes ? good('disk', detail) : bad('disk', detail);
}

/** Only for a NATS that drover up runs, whose store is in the data folder. */
export function checkStoreFolder(cluster: ClusterFile | undefined, dataDir: string): Check {
  if (cluster?.issuer === undefined) return good('store folder', 'the store is not in this data folder');
  const folder = join(dataDir, 'jetstream');
  return existsSync(folder)
    ? good('store folder', `${folder} is there`)
    : bad('store folder', `store-missing: ${folder} was deleted under the running nats-server`);
}

export function checkAddress(cluster: ClusterFile | undefined): Check {
  const host = cluster?.listenHost;
  if (host === undefined) return good('open address', 'no drover up uses this data folder');
  return isLoopbackAddress(host)
    ? good('open address', `the gateway listens on ${host}, which only this machine reaches`)
    : bad('open address', `the gateway listens on ${host} and needs no key`);
}

function mebibytes(bytes: number): string {
  return `${Math.floor(bytes / 1024 / 1024)} MiB`;
}
