import { type AddressInfo, createServer, type ListenOptions, type Server } from 'node:net';

/**
 * The sockets that accept connections for one HTTP server.
 *
 * libuv accepts one connection for each listening socket in an iteration of the event loop. With a thousand streams an
 * iteration takes 25 ms or more, so one socket accepts 40 connections a second, and further connections, health checks
 * among them, wait for seconds. On Linux several sockets share the address (SO_REUSEPORT), and each accepts one
 * connection an iteration.
 *
 * An address that is in use must cause an error, but SO_REUSEPORT hides the error if the other process uses
 * SO_REUSEPORT too. So the address is first bound without this option, and a lock on the address (an abstract socket)
 * is held while the gateway listens: of two gateways that start at the same time only one gets the lock.
 */
export interface ListeningSockets {
  readonly address: AddressInfo;
  /** Number of sockets: 1 where the system or this version of Node cannot share an address. */
  readonly count: number;
  /** Resolves when all sockets and their connections are closed. */
  readonly closed: Promise<void>;
  /** Stops accepting connections. */
  close(): void;
}

/**
 * Largest number of connections that are accepted in one iteration of the event loop. Measured in
 * docs/decisions/0015-many-listening-sockets.md.
 */
export const socketCount: number = 16;

export interface SocketOptions {
  readonly noDelay: boolean;
  readonly keepAlive: boolean;
  readonly keepAliveInitialDelay: number;
}

/**
 * Makes `server` listen, with further sockets on the same address where the system supports it.
 *
 * @throws the error of `listen` if the address is not available
 */
export async function openListeningSockets(
  server: Server,
  host: string,
  port: number,
  options: SocketOptions,
): Promise<ListeningSockets> {
  const claim = process.platform === 'linux' ? await findClaim(host, port) : undefined;
  const all: Server[] = [];
  if (claim === undefined) await listenOn(server, { host, port });
  else await listenShared(server, { host, port: claim.port, reusePort: true }, options, all);
  const servers: readonly Server[] = [server, ...all];
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
  further: Server[],
): Promise<void> {
  await listenOn(server, where);
  while (further.length + 1 < socketCount) {
    const one = createServer({ ...options, allowHalfOpen: true }, (socket) =>
      server.emit('connection', socket),
    );
    try {
      await listenOn(one, where);
    } catch {
      // This Node or kernel does not support SO_REUSEPORT: use the first socket only.
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
 * Takes the lock on the address that allows only this process to share it among several sockets. Undefined if another
 * gateway holds the lock.
 *
 * @throws the error of `listen` if another process listens on the address
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

function listenOn(server: Server, where: ListenOptions): Promise<void> {
  return new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(where, () => {
      server.off('error', reject);
      resolve();
    });
  });
}

function close(server: Server): Promise<void> {
  return new Promise<void>((resolve) => server.close(() => resolve()));
}
