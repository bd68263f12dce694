import { readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import type { ClusterFile } from '../../cluster/cluster-file.ts';
import { platform } from '../../platform/platform.ts';
import { bad, type Check, good } from '../check.ts';

/** Files of a data folder that let their reader in, or that sign for the cluster. */
const secretFiles: readonly string[] = ['cluster.json', 'nats-keys.json', 'key', 'keys.json'];
/** Folders of a data folder whose contents are private. */
const privateFolders: readonly string[] = ['', 'audit', 'jetstream'];
const auditKey = /\.key$/;
/** Files that are named in one finding. */
const maxNamed = 8;

/** Reads the modes of the data folder, of its secrets, and of the key and credentials that were named to it. */
export async function checkFiles(
  cluster: Pick<ClusterFile, 'gatewayTls' | 'credsPath'> | undefined,
  dataDir: string,
): Promise<readonly Check[]> {
  if (!platform.hasFileModes) return [good('files', 'not checked: this system has no file modes')];
  const audit = await readdir(join(dataDir, 'audit')).catch(() => []);
  const named = [cluster?.gatewayTls?.keyFile, cluster?.credsPath].filter((path) => path !== undefined);
  const files = [
    ...secretFiles.map((name) => join(dataDir, name)),
    ...audit.filter((name) => auditKey.test(name)).map((name) => join(dataDir, 'audit', name)),
    ...named,
  ];
  const folders = privateFolders.map((name) => join(dataDir, name));
  const [openFiles, openFolders] = await Promise.all([openOf(files), openOf(folders.slice(0, 1))]);
  const foreign = await foreignOf([...files, ...folders]);
  const faults = [
    ...finding(openFolders, 'other users can open the data folder', 'chmod 700'),
    ...finding(openFiles, 'other users can read secrets', 'chmod 600'),
    ...finding(foreign, 'another user owns files that hold secrets', `chown ${ownId() ?? ''}`),
  ];
  return faults.length > 0 ? faults : [good('files', `${dataDir} and its secrets are private`)];
}

function finding(paths: readonly string[], what: string, command: string): readonly Check[] {
  if (paths.length === 0) return [];
  const shown = paths.slice(0, maxNamed);
  const more = paths.length > maxNamed ? ` and ${paths.length - maxNamed} more` : '';
  return [bad('files', `${what}: ${shown.join(', ')}${more}`, `${command} ${shown.join(' ')}`)];
}

/** Those that others than their owner may use. */
function openOf(paths: readonly string[]): Promise<readonly string[]> {
  return filter(paths, ({ mode }) => (mode & 0o077) !== 0);
}

/** Those of another user. */
async function foreignOf(paths: readonly string[]): Promise<readonly string[]> {
  const own = ownId();
  // A superuser looks at folders of others.
  return own === undefined || own === 0 ? [] : filter(paths, ({ uid }) => uid !== own && uid !== 0);
}

function ownId(): number | undefined {
  return process.getuid?.();
}

async function filter(
  paths: readonly string[],
  fits: (facts: { readonly mode: number; readonly uid: number }) => boolean,
): Promise<readonly string[]> {
  const facts = await Promise.all(paths.map((path) => stat(path).catch(() => undefined)));
  return paths.filter((_, index) => {
    const one = facts[index];
    return one !== undefined && fits(one);
  });
}
