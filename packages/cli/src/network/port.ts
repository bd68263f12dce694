import { createServer } from 'node:net';
import { badConfiguration, CommandError, exitCodes } from '../errors.ts';

/** The wanted port; 0 takes any free one. An `explicit` port is never replaced by another. */
export interface PortWish {
  readonly port: number;
  readonly explicit: boolean;
}

export interface PortChoice {
  readonly port: number;
  /** Set when the default port was in use: that port. */
  readonly movedFrom?: number;
}

/** Result of an attempt to listen: the port, or the reason of the failure. */
export type ListenResult =
  | { readonly port: number }
  | { readonly error: 'in-use' | 'not-allowed' | 'bad-host' };

const portsTried = 100;
/**
 * Ports from which any free one is taken. They lie below the ranges from which Linux (32768-60999), macOS and Windows
 * (49152-65535) give ports to outgoing connections. A port of those ranges may be in use again by the time the process
 * that needs it listens, or while that process is being restarted.
 */
const freeRange = { first: 20_000, last: 32_767 } as const;
const freeCount = freeRange.last - freeRange.first + 1;
/**
 * A chosen port looks free until its program listens. So this process never chooses one twice, and processes that start
 * one after the other choose from places this far apart.
 */
const portsPerProcess = 16;
let next = process.pid * portsPerProcess;

/**
 * Chooses the port for the gateway.
 *
 * @throws CommandError `address-in-use` for an explicit port that is taken, or when no port is free
 */
export async function choosePort(
  wish: PortWish,
  host: string,
  tryPort: (host: string, port: number) => Promise<ListenResult> = tryListen,
): Promise<PortChoice> {
  if (wish.port === 0) return chooseAnyPort(host, tryPort);
  const last = wish.explicit ? wish.port : Math.min(wish.port + portsTried - 1, 65_535);
  for (let port = wish.port; port <= last; port += 1) {
    const result = await tryPort(host, port);
    if ('port' in result) {
      return port === wish.port ? { port: result.port } : { port: result.port, movedFrom: wish.port };
    }
    if (result.error === 'bad-host') throw badHost(host);
    if (result.error === 'not-allowed') {
      throw badConfiguration('--port', `${port} may not be used by this user; take one above 1023`);
    }
  }
  const range = last === wish.port ? `port ${wish.port}` : `every port from ${wish.port} to ${last}`;
  throw new CommandError(
    'address-in-use',
    exitCodes.inUse,
    `${range} of ${host} is in use by another program`,
    {
      fix: 'choose another with --port, or --port 0 for any free one',
    },
  );
}

async function chooseAnyPort(
  host: string,
  tryPort: (host: string, port: number) => Promise<ListenResult>,
): Promise<PortChoice> {
  for (let tried = 0; tried < portsTried; tried += 1) {
    const port = freeRange.first + (next++ % freeCount);
    const result = await tryPort(host, port);
    if ('port' in result) return result;
    if (result.error === 'bad-host') throw badHost(host);
  }
  throw new CommandError(
    'address-in-use',
    exitCodes.inUse,
    `no port of ${host} is free between ${freeRange.first} and ${freeRange.last}`,
    { fix: 'choose one with --port' },
  );
}

function badHost(host: string): CommandError {
  return badConfiguration('--host', `${host} is no address of this machine; use 127.0.0.1 or 0.0.0.0`);
}

/** Listens on a port and closes it again, to find out whether the port is free. */
export function tryListen(host: string, port: number): Promise<ListenResult> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once('error', (error: NodeJS.ErrnoException) => {
      if (error.code === 'EADDRINUSE') resolve({ error: 'in-use' });
      else if (error.code === 'EACCES') resolve({ error: 'not-allowed' });
      else resolve({ error: 'bad-host' });
    });
    server.listen({ host, port, exclusive: true }, () => {
      const address = server.address();
      const taken = typeof address === 'object' && address !== null ? address.port : port;
      server.close(() => resolve({ port: taken }));
    });
  });
}

/** A port on which no process listens at this moment. */
export async function freePort(host: string): Promise<number> {
  return (await choosePort({ port: 0, explicit: true }, host)).port;
}
