import type { Authority } from './credentials.ts';

export interface ServerConfig {
  readonly host: string;
  readonly port: number;
  /** Folder in which JetStream makes its folder `jetstream`. */
  readonly storeDir: string;
  /** Whether every write is synced to the disk before it is confirmed; otherwise every two minutes. */
  readonly syncsAlways: boolean;
  readonly authority: Authority;
  /** How it finds the other servers of its cluster. @default it is alone */
  readonly cluster?: ServerCluster;
}

/** One server of a cluster on this machine. */
export interface ServerCluster {
  readonly serverName: string;
  readonly routePort: number;
  /** Ports of the routes of all servers. */
  readonly routePorts: readonly number[];
  /** Known to the servers alone: without it, any process of this machine could join as a server. */
  readonly secret: string;
}

/**
 * The configuration file of the nats-server that `drover up` runs.
 *
 * Pings are frequent, so that a frozen process loses its subscriptions after about 6 s instead of 4 minutes. A reader
 * that does not take its data for 5 s is disconnected, so that the data does not fill the memory. No monitoring port
 * is opened. The limit of the store is above every disk: nats-server would take three quarters of the free space, and
 * on a small disk refuse the streams of memory and queues, whose limits are reserved. A connecting client sends its
 * permissions in one line, which is longer than the usual limit of 4 KB.
 */
export function serverConfigText(config: ServerConfig): string {
  const { authority } = config;
  const quoted = JSON.stringify;
  return `listen: ${quoted(`${config.host}:${config.port}`)}
server_name: ${config.cluster?.serverName ?? 'drover'}
max_payload: 8MB
max_control_line: 64KB
ping_interval: "2s"
ping_max: 2
write_deadline: "5s"
jetstream {
  store_dir: ${quoted(config.storeDir)}
  max_file_store: 1TB
  sync_interval: ${config.syncsAlways ? 'always' : '"2m"'}
}
operator: ${authority.operatorJwt}
system_account: ${authority.systemAccount.publicKey}
resolver: MEMORY
resolver_preload {
  ${authority.systemAccount.publicKey}: ${authority.systemAccount.jwt}
  ${authority.account.publicKey}: ${authority.account.jwt}
}
${config.cluster === undefined ? '' : clusterText(config.host, config.cluster)}`;
}

function clusterText(host: string, { routePort, routePorts, secret }: ServerCluster): string {
  const routes = routePorts.map((port) => JSON.stringify(`nats-route://route:${secret}@${host}:${port}`));
  return `cluster {
  name: drover
  listen: ${JSON.stringify(`${host}:${routePort}`)}
  authorization { user: route, password: ${JSON.stringify(secret)}, timeout: 2 }
  routes: [${routes.join(', ')}]
}
`;
}

/** Longest line of a client that nats-server takes where its configuration states none. */
const usualLineBytes = 4_096;
/** Room in the line of a connecting client beside its credentials: signature, name and options. */
const lineRoomBytes = 400;

/**
 * Whether a client with these credentials can connect to a server with this configuration. A configuration that release
 * 0.3.0 wrote has the usual limit, which the credentials of hosts and gateways exceed.
 */
export function takesCredentials(configText: string, creds: string): boolean {
  if (configText.includes('max_control_line')) return true;
  const [, token = ''] = /BEGIN NATS USER JWT-+\s+(\S+)/.exec(creds) ?? [];
  return token.length + lineRoomBytes <= usualLineBytes;
}
