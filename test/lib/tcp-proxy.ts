import { createServer, connect, type Server, type Socket } from 'node:net';

/** Stands between two parties so that a scenario can cut what goes through. */
export interface TcpProxy {
  readonly port: number;
  /** Closes every connection abruptly; new ones are taken again at once. */
  cutSocket(): void;
  /** As `cutSocket`, and refuses new connections until `mend`. */
  sever(): void;
  mend(): void;
  stop(): Promise<void>;
}

export async function startTcpProxy(target: { host: string; port: number }): Promise<TcpProxy> {
  const pairs = new Set<[Socket, Socket]>();
  let severed = false;
  const server: Server = createServer((client) => {
    if (severed) {
      client.destroy();
      return;
    }
    const upstream = connect(target.port, target.host);
    const pair: [Socket, Socket] = [client, upstream];
    pairs.add(pair);
    const drop = (): void => {
      pairs.delete(pair);
      client.destroy();
      upstream.destroy();
    };
    client.on('error', drop).on('close', drop);
    upstream.on('error', drop).on('close', drop);
    client.pipe(upstream);
    upstream.pipe(client);
  });
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve);
  });
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('no port');
  const cutSocket = (): void => {
    for (const [client, upstream] of pairs) {
      client.resetAndDestroy();
      upstream.resetAndDestroy();
    }
  };
  return {
    port: address.port,
    cutSocket,
    sever: () => {
      severed = true;
      cutSocket();
    },
    mend: () => {
      severed = false;
    },
    stop: async () => {
      cutSocket();
      await new Promise<void>((resolve) => {
        server.close(() => resolve());
      });
    },
  };
}
