import type { NatsConnection } from '@nats-io/transport-node';
import { installedVersion } from '../../installed-version.ts';
import { type RemoteArm, type PairAddress, reportEvery } from '../remote-arm.ts';

const requestTimeoutMs = 5_000;

interface Payload {
  readonly seq: number;
  readonly text: string;
}

/** The client of NATS, used as in its documentation. */
const natsClient: RemoteArm = {
  name: 'nats client',
  path: '@nats-io/transport-node with its defaults: request, publish, JSON; no actors, no checks',
  version: () => installedVersion('@nats-io/transport-node', import.meta.url),
  async respond(address) {
    const connection = await connectTo(address);
    let handled = 0;
    connection.subscribe(`bench.${address.pair}.ask`, {
      callback: (error, message) => {
        if (error === null) message.respond(JSON.stringify(message.json<Payload>().seq));
      },
    });
    connection.subscribe(`bench.${address.pair}.tell`, {
      callback: (error, message) => {
        if (error !== null) return;
        message.json<Payload>();
        if (++handled % reportEvery === 0)
          connection.publish(`bench.${address.pair}.handled`, JSON.stringify(handled));
      },
    });
    await connection.flush();
    return { close: () => connection.close() };
  },
  async call(address) {
    const connection = await connectTo(address);
    const ask = `bench.${address.pair}.ask`;
    const tell = `bench.${address.pair}.tell`;
    return {
      ask: async (seq, text) => {
        const answer = await connection.request(ask, JSON.stringify({ seq, text }), {
          timeout: requestTimeoutMs,
        });
        return answer.json<number>();
      },
      tell: (seq, text) => connection.publish(tell, JSON.stringify({ seq, text })),
      onHandled: (listener) => {
        connection.subscribe(`bench.${address.pair}.handled`, {
          callback: (error, message) => {
            if (error === null) listener(message.json<number>());
          },
        });
      },
      close: () => connection.close(),
    };
  },
};

export default natsClient;

async function connectTo({ natsUrl }: PairAddress): Promise<NatsConnection> {
  const { connect } = await import('@nats-io/transport-node');
  return connect({ servers: natsUrl });
}
