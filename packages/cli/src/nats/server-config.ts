import type { Authority } from './credentials.ts';

export interface ServerConfig {
  readonly host: string;
  readonly port: number;
  /** Folder in which JetStream makes its folder `jetstream`. */
  readonly storeDir: string;
  /**
   * What a confirmed write survives. `power`: a loss of power · `process`: the end of any process, but not a crash of
   * the machine.
   */
  readonly durability: 'power' | 'process';
  readonly authority: Authority;
}

/**
 * The configuration file of the nats-server that `drover up` runs.
 *
 * Pings are frequent, so that a frozen process loses its subscriptions after about 6 s instead of 4 minutes. A reader
 * that does not take its data for 5 s is disconnected, so that the data does not fill the memory. No monitoring port
 * is opened. A connecting client sends its permissions in one line, which is longer than the usual limit of 4 KB.
 */
export function serverConfigText(config: ServerConfig): string {
  const { authority } = config;
  const quoted = JSON.stringify;
  return `listen: ${quoted(`${config.host}:${config.port}`)}
server_name: drover
max_payload: 8MB
max_control_line: 64KB
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
