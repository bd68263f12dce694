import { freePort, startNatsServer } from '@drover/actor-core/testing';

export type DurabilityName = 'process' | 'power' | 'three' | 'any-one';

/** How safe a write is before it is confirmed. */
export interface Durability {
  readonly name: DurabilityName;
  readonly describes: string;
  /** Servers that keep a copy. */
  readonly replicas: 1 | 3;
  /** Whether a write is on the disk before it is confirmed. */
  readonly isSynced: boolean;
}

export const durabilities: Readonly<Record<DurabilityName, Durability>> = {
  process: { name: 'process', describes: 'one server, default sync', replicas: 1, isSynced: false },
  power: { name: 'power', describes: 'one server, every write synced', replicas: 1, isSynced: true },
  three: { name: 'three', describes: 'three servers, default sync', replicas: 3, isSynced: false },
  'any-one': { name: 'any-one', describes: 'three servers, every write synced', replicas: 3, isSynced: true },
};

/** Fresh nats-servers of one row. */
export interface RowServers {
  /** `host:port` of each, separated by commas. */
  readonly urls: string;
  readonly version: string;
  /** Kills them and deletes their data. */
  dispose(): Promise<void>;
}

/** Starts the servers of a durability. Three servers answer for JetStream some seconds later. */
export async function startServers({ replicas, isSynced }: Durability): Promise<RowServers> {
  const sync = isSynced ? 'jetstream { sync_interval: always }\n' : '';
  const routePorts = replicas === 1 ? [] : await Promise.all(Array.from({ length: replicas }, freePort));
  const routes = routePorts.map((port) => `nats://127.0.0.1:${port}`).join(', ');
  const configurations =
    replicas === 1
      ? [sync]
      : routePorts.map(
          (port, index) =>
            `server_name: n${index}\n${sync}cluster { name: bench, listen: "127.0.0.1:${port}", routes: [${routes}] }\n`,
        );
  const servers = await Promise.all(
    configurations.map((configuration) => startNatsServer({ configuration })),
  );
  return {
    urls: servers.map(({ url }) => url).join(','),
    version: servers[0]?.version ?? '',
    dispose: async () => void (await Promise.all(servers.map((server) => server.dispose()))),
  };
}
