import type { Server } from 'node:http';
import { type AddressInfo, createServer, type ListenOptions, type Server as SocketServer } from 'node:net';

/**
 * The sockets that accept connections for one HTTP server.
 *
 * libuv accepts one connection for each listening socket and turn of the event loop. Under a thousand streams a turn
 * takes 25 ms and more, so one socket accepted 40 connections a second and the next ones waited for seconds, health
 * checks among them. On Linux several sockets share the address (SO_REUSEPORT), and each accepts one a turn.
 *
 * An address that is taken must stay an error, which SO_REUSEPORT alone hides where the other process uses it too. So
 * the address is first taken without it, and a claim on it (an abstract socket) is held as long as the gateway
 * listens: between two gateways that start at the same time only one gets it.
 */
export interface ListeningSockets {
  readonly address: AddressInfo;
  /** How many there are: 1 where the system or this version of Node cannot share an address. */
  readonly count: number;
  /** Resolves when all sockets and their connections are closed. */
  readonly closed: Promise<void>;
  /** Accepts nothing more. */
  close(): void;
}

/** Connections accepted a turn at most. Measured: see docs/decisions/0015-many-listening-sockets.md. */
export const socketCount: number = 16;

export interface SocketOptions {
  readonly noDelay: boolean;
  readonly keepAlive: boolean;
  readonly keepAliveInitialDelay: number;
}

/**
 * Makes `server` listen, with further sockets beside its own where that is possible.
 *
 * @throws the error of `listen` when the address cannot be had
 */
export async function openListeningSockets(
  server: Server,
  host: string,
  port: number,
  options: SocketOptions,
): Promise<ListeningSockets> {
  const claim = process.platform === 'linux' ? await findClaim(host, port) : undefined;
  const all: SocketServer[] = [];
  if (claim === undefined) await listenOn(server, { host, port });
  else await listenShared(server, { host, port: claim.port, reusePort: true }, options, all);
  const servers: readonly SocketServer[] = [server, ...all];
  const closed = Promise.all(
    servers.map((one) => new Promise<void>((done) => one.once('close', () => done()))),
  );
  return {
    address: server.address() as AddressInfo,
    count: servers.length,
    closed: closed.then(() => claim?.release()),
    close: () => {
      for (const one of servers) one.close();
    },
  };
}

async function listenShared(
  server: Server,
  where: ListenOptions,
  options: SocketOptions,
  further: SocketServer[],
): Promise<void> {
  await listenOn(server, where);
  while (further.length + 1 < socketCount) {
    const one = createServer({ ...options, allowHalfOpen: true }, (socket) =>
      server.emit('connection', socket),
    );
    try {
      await listenOn(one, where);
    } catch {
      // A Node or a kernel that does not know SO_REUSEPORT: the first socket must do.
      return;
    }
    further.push(one);
  }
}

interface Claim {
  readonly port: number;
  release(): Promise<void>;
}

/**
 * The right to share an address among sockets of this process alone. Undefined where another gateway has it.
 *
 * @throws the error of `listen` when another process listens there
 */
async function findClaim(host: string, port: number): Promise<Claim | undefined> {
  const alone = createServer();
  await listenOn(alone, { host, port });
  const taken = (alone.address() as AddressInfo).port;
  const claim = createServer((socket) => socket.destroy());
  try {
    await listenOn(claim, { path: `\0drover-gateway/${host}:${taken}` });
  } catch {
    return undefined;
  } finally {
    await close(alone);
  }
  claim.unref();
  return { port: taken, release: () => close(claim) };
}

function listenOn(server: SocketServer, where: ListenOptions): Promise<void> {
  return new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(where, () => {
      server.off('error', reject);
      resolve();
    });
  });
}

function close(server: SocketServer): Promise<void> {
  return new Promise<void>((resolve) => server.close(() => resolve()));
}
