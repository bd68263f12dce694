import { readFileSync } from 'node:fs';
import { createSubjects, permissionsOf, type Role } from '@drover/actor-core/cluster';
import { readClusterFile } from '../cluster/cluster-file.ts';
import { cell } from '../config.ts';
import { badConfiguration, CommandError, exitCodes } from '../errors.ts';
import { mintUser } from '../nats/credentials.ts';
import { parseNatsAddress } from '../nats/running-server.ts';

/** Where a process finds its cluster. */
export interface ClusterWish {
  /** `--nats`: any cluster. */
  readonly nats: string | undefined;
  /** `--creds`: credentials file for it. */
  readonly creds: string | undefined;
  /** Contents of a credentials file, from `drover up`. */
  readonly credsText: string | undefined;
  /** Data folder of a `drover up` on this machine. */
  readonly data: string;
}

export interface ClusterAddress {
  readonly cell: string;
  readonly servers: string;
  readonly creds?: string;
  readonly user?: string;
  readonly pass?: string;
}

/**
 * Address and credentials for one node: those named, else those of the `drover up` that uses the data folder,
 * with a user minted for this node and these roles.
 *
 * @throws CommandError `cluster-missing` when none runs with that folder, `bad-configuration` for an unreadable file
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
  const permissions = permissionsOf(createSubjects(file.cell), nodeId, roles);
  return { cell: file.cell, servers: file.natsUrl, creds: await mintUser(file.issuer, nodeId, permissions) };
}

function namedCluster(nats: string, wish: ClusterWish): ClusterAddress {
  const { host, port } = parseNatsAddress('--nats', nats);
  const url = URL.parse(nats.includes('://') ? nats : `nats://${nats}`);
  const scheme = url?.protocol === 'tls:' ? 'tls' : 'nats';
  const servers = `${scheme}://${host.includes(':') ? `[${host}]` : host}:${port}`;
  const creds = wish.credsText ?? (wish.creds === undefined ? undefined : readCreds(wish.creds));
  if (creds !== undefined) return { cell, servers, creds };
  if (url === null || url.username === '') return { cell, servers };
  return { cell, servers, user: decodeURIComponent(url.username), pass: decodeURIComponent(url.password) };
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
