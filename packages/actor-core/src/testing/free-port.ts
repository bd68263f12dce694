import { createServer } from 'node:net';

/** Below the ports that operating systems give to outgoing connections, which are in use again at any moment. */
const range = { first: 20_000, size: 12_768 } as const;
const maxTried = 1_000;
/**
 * Processes that start one after the other take their ports from places this far apart. A port that was chosen stays
 * free until its program listens, so two processes that choose at random now and then choose the same.
 */
const portsPerProcess = 16;
let next = process.pid * portsPerProcess;

/**
 * A port of the loopback address that is free at this moment, for a program that needs to be told its port. Never the
 * same twice in a process.
 *
 * @throws Error when none of 1,000 ports is free
 */
export async function freePort(): Promise<number> {
  for (let tried = 0; tried < maxTried; tried++) {
    const port = range.first + (next++ % range.size);
    if (await canListen(port)) return port;
  }
  throw new Error(`none of ${maxTried} ports above ${range.first} is free`);
}

function canListen(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const probe = createServer();
    probe.once('error', () => resolve(false));
    probe.listen({ port, host: '127.0.0.1', exclusive: true }, () => probe.close(() => resolve(true)));
  });
}
