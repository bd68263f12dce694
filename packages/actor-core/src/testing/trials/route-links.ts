import { createServer, connect, type Server, type Socket } from 'node:net';
import { freePort } from '../free-port.ts';

/** Relays of the routes between the servers of a NATS cluster, so that a test can cut a server off from the others. */
export interface RouteLinks {
  /** The routes that a server connects to. */
  routesOf(index: number): readonly string[];
  /** Cuts all links of a server: what is on the way is lost, and no new link is made. */
  cutOff(index: number): void;
  /** Ends all cuts. */
  heal(): void;
  close(): Promise<void>;
}

interface Link {
  readonly from: number;
  readonly to: number;
  readonly port: number;
  readonly server: Server;
  readonly sockets: Set<Socket>;
  isCut: boolean;
}

/** Opens one relay per ordered pair of servers. `ports`: where each server listens for routes. */
export async function openRouteLinks(ports: readonly number[]): Promise<RouteLinks> {
  const links: Link[] = [];
  for (const [to, port] of ports.entries())
    for (const from of ports.keys()) if (from !== to) links.push(await openLink(from, to, port));
  const cut = (link: Link) => {
    link.isCut = true;
    for (const socket of link.sockets) socket.destroy();
  };
  return {
    routesOf: (index) =>
      links.filter(({ from }) => from === index).map(({ port }) => `nats-route://127.0.0.1:${port}`),
    cutOff(index) {
      for (const link of links) if (link.from === index || link.to === index) cut(link);
    },
    heal() {
      for (const link of links) link.isCut = false;
    },
    async close() {
      for (const link of links) cut(link);
      await Promise.all(links.map(({ server }) => new Promise((resolve) => server.close(resolve))));
    },
  };
}

async function openLink(from: number, to: number, target: number): Promise<Link> {
  const port = await freePort();
  const sockets = new Set<Socket>();
  // Without a delay, as the sockets of nats-server: Nagle's algorithm would add 40 ms to each small message.
  const server = createServer({ noDelay: true }, (near) => {
    if (link.isCut) return void near.destroy();
    const far = connect({ port: target, host: '127.0.0.1', noDelay: true });
    for (const [one, other] of [
      [near, far],
      [far, near],
    ] as const) {
      sockets.add(one);
      one.on('error', () => other.destroy());
      one.on('close', () => {
        sockets.delete(one);
        other.destroy();
      });
      one.pipe(other);
    }
    return undefined;
  });
  const link: Link = { from, to, port, server, sockets, isCut: false };
  await new Promise<void>((resolve) => server.listen(port, '127.0.0.1', resolve));
  return link;
}
