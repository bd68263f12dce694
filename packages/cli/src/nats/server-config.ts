import type { Authority } from './credentials.ts';

export interface ServerConfig {
  readonly host: string;
  readonly port: number;
  /** JetStream makes its own folder `jetstream` in it. */
  readonly storeDir: string;
  /** `power`: a confirmed write survives power loss · `process`: it survives any process, not the machine. */
  readonly durability: 'power' | 'process';
  readonly authority: Authority;
}

/**
 * The configuration file of the nats-server that `drover up` runs.
 *
 * Pings are frequent so that a frozen process loses its subscriptions after about 6 s instead of 4 minutes, and
 * a write that does not drain for 5 s cuts the slow reader instead of piling up. No monitoring port is opened.
 */
export function serverConfigText(config: ServerConfig): string {
  const { authority } = config;
  const quoted = JSON.stringify;
  return `listen: ${quoted(`${config.host}:${config.port}`)}
server_name: drover
max_payload: 8MB
ping_interval: "2s"
ping_max: 2
write_deadline: "5s"
jetstream {
  store_dir: ${quoted(config.storeDir)}
  sync_interval: ${config.durability === 'power' ? 'always' : '"2m"'}
}
operator: ${authority.operatorJwt}
system_account: ${authority.systemAccount.publicKey}
resolver: MEMORY
resolver_preload {
  ${authority.systemAccount.publicKey}: ${authority.systemAccount.jwt}
  ${authority.account.publicKey}: ${authority.account.jwt}
}
`;
}
