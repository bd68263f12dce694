import { eventually } from './jetstream.ts';
import { freePort } from './free-port.ts';
import { type NatsServer, startNatsServer } from './nats-server.ts';
import { openRouteLinks } from './trials/route-links.ts';

/** Three real nats-servers on this machine that form one JetStream cluster. */
export interface NatsCluster {
  readonly urls: readonly string[];
  readonly servers: readonly NatsServer[];
  /** Kills all servers at once, as a power cut does. */
  kill(): Promise<void>;
  /** Starts all servers again on their ports and data. */
  start(): Promise<void>;
  /**
   * Index of the server that leads JetStream itself. @throws Error when no server that runs knows one
   */
  metaLeader(): Promise<number>;
  /** Waits until each server says that all its streams are up to date. */
  untilHealthy(withinMs?: number): Promise<void>;
  /** Cuts a server off from the two others; its clients stay connected. */
  cutOff(index: number): void;
  /** Stops a server with SIGSTOP: its connections stay open, and nothing is answered. */
  pause(index: number): void;
  /** Ends all cuts, and continues the servers that `pause` stopped. */
  heal(): void;
  dispose(): Promise<void>;
}

const size = 3;

/**
 * Starts three servers. They listen at once; JetStream answers when they have elected a meta leader, a few seconds
 * later.
 */
export async function startNatsCluster(): Promise<NatsCluster> {
  const routePorts = await Promise.all(Array.from({ length: size }, freePort));
  const links = await openRouteLinks(routePorts);
  // Servers advertise their own addresses. All connections of a test have to use its links instead.
  const nowhere = await freePort();
  const monitorPorts = await Promise.all(Array.from({ length: size }, freePort));
  const servers = await Promise.all(
    routePorts.map((port, index) =>
      startNatsServer({
        configuration: `server_name: n${index}\nhttp: "127.0.0.1:${monitorPorts[index]}"\ncluster { name: contract, listen: "127.0.0.1:${port}", advertise: "127.0.0.1:${nowhere}", no_advertise: true, routes: [${links.routesOf(index).join(', ')}] }\n`,
      }),
    ),
  );
  const paused = new Set<number>();
  const each = async (act: (server: NatsServer) => Promise<void>) => {
    await Promise.all(servers.map(act));
  };
  return {
    urls: servers.map((server) => server.url),
    servers,
    kill: () => each((server) => server.stop('SIGKILL')),
    start: () => each((server) => server.start()),
    metaLeader: () => readMetaLeader(monitorPorts),
    untilHealthy: (withinMs = 60_000) =>
      eventually(async () => {
        const answers = await Promise.all(monitorPorts.map((port) => ask(port, 'healthz')));
        return answers.every((answer) => answer?.['status'] === 'ok');
      }, withinMs),
    cutOff: (index) => links.cutOff(index),
    pause(index) {
      const server = servers[index];
      if (server === undefined) return;
      process.kill(server.pid, 'SIGSTOP');
      paused.add(server.pid);
    },
    heal() {
      links.heal();
      for (const pid of paused) process.kill(pid, 'SIGCONT');
      paused.clear();
    },
    async dispose() {
      await each((server) => server.dispose());
      await links.close();
    },
  };
}

async function readMetaLeader(ports: readonly number[]): Promise<number> {
  for (const port of ports) {
    const answer = await ask(port, 'jsz');
    const { leader } = (answer?.['meta_cluster'] ?? {}) as { readonly leader?: string };
    if (leader !== undefined && leader !== '') return Number(leader.slice(1));
  }
  throw new Error('no server knows who leads JetStream');
}

/** An answer of a server's monitoring port; undefined where there is none. */
async function ask(port: number, page: string): Promise<Readonly<Record<string, unknown>> | undefined> {
  try {
    const response = await fetch(`http://127.0.0.1:${port}/${page}`, { signal: AbortSignal.timeout(2_000) });
    return (await response.json()) as Readonly<Record<string, unknown>>;
  } catch {
    return undefined;
  }
}
