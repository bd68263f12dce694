import { freePort } from './free-port.ts';
import { type NatsServer, startNatsServer } from './nats-server.ts';

/** Three real nats-servers on this machine that form one JetStream cluster. */
export interface NatsCluster {
  readonly urls: readonly string[];
  readonly servers: readonly NatsServer[];
  /** Kills all servers at once, as a power cut does. */
  kill(): Promise<void>;
  /** Starts all servers again on their ports and data. */
  start(): Promise<void>;
  dispose(): Promise<void>;
}

const size = 3;

/**
 * Starts three servers. They listen at once; JetStream answers when they have elected a meta leader, a few seconds
 * later.
 */
export async function startNatsCluster(): Promise<NatsCluster> {
  const routePorts = await Promise.all(Array.from({ length: size }, freePort));
  const routes = routePorts.map((port) => `nats-route://127.0.0.1:${port}`).join(', ');
  const servers = await Promise.all(
    routePorts.map((port, index) =>
      startNatsServer({
        configuration: `server_name: n${index}\ncluster { name: contract, listen: "127.0.0.1:${port}", routes: [${routes}] }\n`,
      }),
    ),
  );
  const each = async (act: (server: NatsServer) => Promise<void>) => {
    await Promise.all(servers.map(act));
  };
  return {
    urls: servers.map((server) => server.url),
    servers,
    kill: () => each((server) => server.stop('SIGKILL')),
    start: () => each((server) => server.start()),
    dispose: () => each((server) => server.dispose()),
  };
}
