import { randomInt } from 'node:crypto';
import { createServer } from 'node:net';

/** Below the ports that operating systems give to outgoing connections, which are in use again at any moment. */
const range = { first: 20_000, last: 32_767 } as const;
const maxTried = 100;

/**
 * A port of the loopback address that is free at this moment, for a program that needs to be told its port.
 *
 * @throws Error when none of 100 ports is free
 */
export async function freePort(): Promise<number> {
  for (let tried = 0; tried < maxTried; tried++) {
    const port = randomInt(range.first, range.last + 1);
    if (await canListen(port)) return port;
  }
  throw new Error(`none of ${maxTried} ports between ${range.first} and ${range.last} is free`);
}

function canListen(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const probe = createServer();
    probe.once('error', () => resolve(false));
    probe.listen({ port, host: '127.0.0.1', exclusive: true }, () => probe.close(() => resolve(true)));
  });
}
