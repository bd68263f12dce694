import type { NatsConnection } from '@nats-io/transport-node';
import { installedVersion } from '../../installed-version.ts';
import { type RemoteArm, type RemotePlace, reportEvery } from '../remote-arm.ts';

const requestTimeoutMs = 5_000;

interface Payload {
  readonly seq: number;
  readonly text: string;
}

/** The plain client of NATS as its documentation shows it. */
const natsClient: RemoteArm = {
  name: 'nats client',
  path: '@nats-io/transport-node as it comes: request, publish, JSON; no actors, no checks',
  version: () => installedVersion('@nats-io/transport-node', import.meta.url),
  async respond(place) {
    const connection = await connectTo(place);
    let handled = 0;
    connection.subscribe(`bench.${place.pair}.ask`, {
      callback: (error, message) => {
        if (error === null) message.respond(JSON.stringify(message.json<Payload>().seq));
      },
    });
    connection.subscribe(`bench.${place.pair}.tell`, {
      callback: (error, message) => {
        if (error !== null) return;
        message.json<Payload>();
        if (++handled % reportEvery === 0)
          connection.publish(`bench.${place.pair}.handled`, JSON.stringify(handled));
      },
    });
    await connection.flush();
    return { close: () => connection.close() };
  },
  async call(place) {
    const connection = await connectTo(place);
    const ask = `bench.${place.pair}.ask`;
    const tell = `bench.${place.pair}.tell`;
    return {
      ask: async (seq, text) => {
        const answer = await connection.request(ask, JSON.stringify({ seq, text }), {
          timeout: requestTimeoutMs,
        });
        return answer.json<number>();
      },
      tell: (seq, text) => connection.publish(tell, JSON.stringify({ seq, text })),
      onHandled: (listener) => {
        connection.subscribe(`bench.${place.pair}.handled`, {
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

async function connectTo({ natsUrl }: RemotePlace): Promise<NatsConnection> {
  const { connect } = await import('@nats-io/transport-node');
  return connect({ servers: natsUrl });
}
