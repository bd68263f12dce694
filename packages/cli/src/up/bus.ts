import { readFileSync } from 'node:fs';
import type { Role } from '@drover/actor-core/cluster';
import { cell, type UpConfig } from '../config.ts';
import type { ClusterFile } from '../cluster/cluster-file.ts';
import { badConfiguration } from '../errors.ts';
import { createAuthority, mintUser } from '../nats/credentials.ts';
import { recordServer } from '../nats/leftover-server.ts';
import { type OwnServer, prepareServers, requireSameServers } from './own-servers.ts';
import { permissionsOfProcess } from '../nats/process-permissions.ts';
import { provisionServer } from '../nats/provision.ts';
import { checkRunningServer } from '../nats/running-server.ts';
import { launchServer } from '../nats/server-process.ts';
import { natsCacheDir } from '../platform/folders.ts';
import type { ProcessSpec } from '../process/supervised-process.ts';

/** The NATS of the cluster: started by `drover up`, or one that runs already. */
export interface Bus {
  readonly url: string;
  readonly version: string;
  /** Value for the cluster file; `external` for a NATS that runs already. */
  readonly durability: string;
  /** How to run its servers; none for a NATS that runs already. */
  readonly processes: readonly ProcessSpec[];
  /** Address and credentials for a role process, as environment variables. */
  environmentFor(nodeId: string, role: Role): Promise<Record<string, string | undefined>>;
  /** Access for other processes on this machine, for the cluster file. */
  readonly access: Pick<ClusterFile, 'issuer' | 'credsPath'>;
}

export interface BusOptions {
  readonly config: UpConfig;
  readonly dataDir: string;
  readonly environment: NodeJS.ProcessEnv;
  readonly progress: (line: string) => void;
  readonly onLog: (line: string) => void;
}

const loopback = '127.0.0.1';
const readyTimeoutMs = 20_000;

/** Checks the NATS that was named, or prepares one in the data folder; starts no process. */
export async function prepareBus(options: BusOptions): Promise<Bus> {
  return options.config.nats === undefined ? prepareOwn(options) : useNamed(options, options.config.nats);
}

async function useNamed({ config }: BusOptions, nats: string): Promise<Bus> {
  const info = await checkRunningServer(config.natsName, nats);
  const credsText = config.creds === undefined ? undefined : readCreds(config.creds);
  return {
    url: withoutSecrets(nats),
    version: info.version,
    durability: 'external',
    processes: [],
    environmentFor: async () => ({ DROVER_NATS: nats, DROVER_CREDS_TEXT: credsText }),
    access: config.creds === undefined ? {} : { credsPath: config.creds },
  };
}

async function prepareOwn(options: BusOptions): Promise<Bus> {
  const { config, dataDir, environment, progress } = options;
  requireSameServers(dataDir, config.natsServers);
  const binary = await provisionServer({
    explicitPath: config.natsServer,
    searchPath: environment['PATH'] ?? '',
    cacheDir: natsCacheDir(environment),
    progress,
  });
  const authority = await createAuthority(dataDir);
  const issuer = { accountPublicKey: authority.account.publicKey, signingSeed: authority.signingSeed };
  const servers = await prepareServers(options, authority);
  const [first] = servers as [OwnServer];
  const replicas = servers.length > 1 ? { DROVER_NATS_REPLICAS: String(servers.length) } : {};
  return {
    url: first.url,
    version: binary.version,
    durability: config.durability,
    processes: servers.map(({ id, storeDir, configPath, port }) => ({
      id,
      role: 'nats',
      readyTimeoutMs,
      launch: () =>
        launchServer({
          binary: binary.path,
          configPath,
          host: loopback,
          port,
          onLog: options.onLog,
          onStarted: (pid) => recordServer(storeDir, pid),
        }),
    })),
    environmentFor: async (nodeId, role) => ({
      DROVER_NATS: servers.map(({ url }) => url).join(','),
      DROVER_CREDS_TEXT: await mintUser(issuer, nodeId, permissionsOfProcess(cell, nodeId, [role])),
      ...(role === 'host' ? replicas : {}),
      ...(role === 'gateway' ? { DROVER_DURABILITY: config.durability } : {}),
    }),
    access: { issuer },
  };
}

function readCreds(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    throw badConfiguration(
      '--creds',
      `names ${path}, which cannot be read (${(error as NodeJS.ErrnoException).code})`,
    );
  }
}

/** The address without user and password, for output. */
function withoutSecrets(nats: string): string {
  return nats.replace(/\/\/[^@/]*@/, '//');
}
