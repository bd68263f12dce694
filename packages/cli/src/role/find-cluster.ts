import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Role } from '@drover/actor-core/cluster';
import { readClusterFile } from '../cluster/cluster-file.ts';
import { cell } from '../config.ts';
import { badConfiguration, CommandError, exitCodes } from '../errors.ts';
import { mintUser } from '../nats/credentials.ts';
import { permissionsOfProcess } from '../nats/process-permissions.ts';
import { parseNatsAddress } from '../nats/running-server.ts';
import { takesCredentials } from '../nats/server-config.ts';

/** What the user stated about the cluster that a process joins. */
export interface ClusterWish {
  /** `--nats`: the NATS of the cluster. */
  readonly nats: string | undefined;
  /** `--creds`: credentials file for that NATS. */
  readonly creds: string | undefined;
  /** Contents of a credentials file, from `drover up`. */
  readonly credsText: string | undefined;
  /** Data folder of a `drover up` on this machine. */
  readonly data: string;
}

export interface ClusterAddress {
  readonly cell: string;
  readonly servers: readonly string[];
  readonly creds?: string;
  readonly user?: string;
  readonly pass?: string;
}

/**
 * Address and credentials for one node: the stated ones, else those of the `drover up` that uses the data folder. In
 * the second case a NATS user is made for this node and its roles.
 *
 * @throws CommandError `cluster-missing` when no `drover up` runs with the folder, `bad-configuration` for a
 *   credentials file that cannot be read
 */
export async function findCluster(
  wish: ClusterWish,
  nodeId: string,
  roles: readonly Role[],
): Promise<ClusterAddress> {
  if (wish.nats !== undefined) return namedCluster(wish.nats, wish);
  const file = readClusterFile(wish.data);
  if (file === undefined) {
    throw new CommandError(
      'cluster-missing',
      exitCodes.missing,
      `no cluster runs with the data folder ${wish.data}`,
      {
        fix: 'start one with "drover up", name its folder with --data, or name a NATS with --nats',
      },
    );
  }
  if (file.issuer === undefined) {
    return {
      ...namedCluster(file.natsUrl, { ...wish, creds: wish.creds ?? file.credsPath }),
      cell: file.cell,
    };
  }
  const permissions = permissionsOfProcess(file.cell, nodeId, roles);
  const creds = await mintUser(file.issuer, nodeId, permissions);
  requireRoom(wish.data, creds);
  return { cell: file.cell, servers: [file.natsUrl], creds };
}

/** Without this check the server would close each connection, and the role would report a timeout. */
function requireRoom(dataDir: string, creds: string): void {
  const path = join(dataDir, 'nats.conf');
  if (!existsSync(path) || takesCredentials(readFileSync(path, 'utf8'), creds)) return;
  throw new CommandError(
    'nats-unsupported',
    exitCodes.missing,
    `the nats-server of ${dataDir} was started by release 0.3.0, and refuses the credentials of this release`,
    { fix: 'restart that drover up with this release first, then its further roles' },
  );
}

/** `nats` may name several servers of one cluster, separated by commas; user and password come from the first one. */
function namedCluster(nats: string, wish: ClusterWish): ClusterAddress {
  const addresses = nats.split(',').map((one) => one.trim());
  const servers = addresses.map(serverOf);
  const creds = wish.credsText ?? (wish.creds === undefined ? undefined : readCreds(wish.creds));
  if (creds !== undefined) return { cell, servers, creds };
  const [first = ''] = addresses;
  const url = URL.parse(first.includes('://') ? first : `nats://${first}`);
  if (url === null || url.username === '') return { cell, servers };
  return { cell, servers, user: decodeURIComponent(url.username), pass: decodeURIComponent(url.password) };
}

function serverOf(nats: string): string {
  const { host, port } = parseNatsAddress('--nats', nats);
  const url = URL.parse(nats.includes('://') ? nats : `nats://${nats}`);
  const scheme = url?.protocol === 'tls:' ? 'tls' : 'nats';
  return `${scheme}://${host.includes(':') ? `[${host}]` : host}:${port}`;
}

function readCreds(path: string): string {
  let text: string;
  try {
    text = readFileSync(path, 'utf8');
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code ?? 'unreadable';
    throw badConfiguration('--creds', `names ${path}, which cannot be read (${code})`);
  }
  if (!text.includes('BEGIN NATS USER JWT'))
    throw badConfiguration('--creds', `names ${path}, which is no credentials file`);
  return text;
}
