import { connect, createServer, type Socket } from 'node:net';
import { freePort } from '../free-port.ts';

/** A relay between one process and a server, which can swallow everything that passes. */
export interface CuttableLink {
  /** `host:port` to which the process connects. */
  readonly url: string;
  /** Swallows what is sent in both directions; all connections stay open. */
  cut(): void;
  /** Ends the cut, and closes the connections that have lost bytes. */
  heal(): void;
  close(): Promise<void>;
}

/** Opens a relay to a server (`host:port`). */
export async function openCuttableLink(server: string): Promise<CuttableLink> {
  const port = await freePort();
  const target = new URL(`tcp://${server}`);
  const sockets = new Set<Socket>();
  let isCut = false;
  // Without a delay, as the sockets of NATS: Nagle's algorithm would add 40 ms to each small message.
  const relay = createServer({ noDelay: true }, (near) => {
    const far = connect({ port: Number(target.port), host: target.hostname, noDelay: true });
    for (const [from, to] of [
      [near, far],
      [far, near],
    ] as const) {
      sockets.add(from);
      from.on('data', (bytes) => {
        if (!isCut) to.write(bytes);
      });
      from.on('error', () => to.destroy());
      from.on('close', () => {
        sockets.delete(from);
        if (!isCut) to.destroy();
      });
    }
  });
  await new Promise<void>((resolve) => relay.listen(port, '127.0.0.1', resolve));
  const drop = () => {
    for (const socket of sockets) socket.destroy();
  };
  return {
    url: `127.0.0.1:${port}`,
    cut() {
      isCut = true;
    },
    heal() {
      isCut = false;
      drop();
    },
    async close() {
      drop();
      await new Promise((resolve) => relay.close(resolve));
    },
  };
}
