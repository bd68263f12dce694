import type { ServiceBroker as Broker } from 'moleculer';
import { installedVersion } from '../../src/installed-version.ts';
import { type RemoteArm, type RemotePlace, reportEvery } from '../../src/remote/remote-arm.ts';

interface Payload {
  readonly seq: number;
  readonly text: string;
}

/** Two brokers with the NATS transporter and their defaults: JSON, no parameter validation, no metrics or tracing. */
const moleculer: RemoteArm = {
  name: 'moleculer',
  path: 'broker.call and broker.emit with the NATS transporter and its defaults (JSON, no validation, no tracing), requestTimeout set',
  version: () => installedVersion('moleculer', import.meta.url),
  async respond(place) {
    const broker = await createBroker(place, 'responder');
    let handled = 0;
    broker.createService({
      name: `responder-${place.pair}`,
      actions: {
        answer: (context: { params: Payload }) => context.params.seq,
        meet: () => broker.waitForServices(`caller-${place.pair}`, 10_000, 20),
      },
      events: {
        [`tell-${place.pair}`]: () => {
          if (++handled % reportEvery === 0) void broker.emit(`handled-${place.pair}`, { handled });
        },
      },
    });
    await broker.start();
    return { close: () => broker.stop() };
  },
  async call(place) {
    const broker = await createBroker(place, 'caller');
    let listener: (handled: number) => void = ignore;
    broker.createService({
      name: `caller-${place.pair}`,
      events: {
        [`handled-${place.pair}`]: (context: { params: { handled: number } }) =>
          listener(context.params.handled),
      },
    });
    await broker.start();
    await broker.waitForServices(`responder-${place.pair}`, 10_000, 20);
    await broker.call(`responder-${place.pair}.meet`);
    const action = `responder-${place.pair}.answer`;
    const event = `tell-${place.pair}`;
    return {
      ask: (seq, text) => broker.call<number, Payload>(action, { seq, text }),
      tell: (seq, text) => void broker.emit(event, { seq, text }),
      onHandled: (next) => {
        listener = next;
      },
      close: () => broker.stop(),
    };
  },
};

export default moleculer;

async function createBroker({ natsUrl, pair }: RemotePlace, side: string): Promise<Broker> {
  const { ServiceBroker } = await import('moleculer');
  return new ServiceBroker({
    namespace: pair,
    nodeID: `${side}-${pair}`,
    transporter: { type: 'NATS', options: { url: natsUrl } },
    logger: false,
    requestTimeout: 5_000,
  });
}

function ignore(): void {}
