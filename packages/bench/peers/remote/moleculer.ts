import type { ServiceBroker as Broker } from 'moleculer';
import { installedVersion } from '../../src/installed-version.ts';
import { type RemoteArm, type PairAddress, reportEvery } from '../../src/remote/remote-arm.ts';

interface Payload {
  readonly seq: number;
  readonly text: string;
}

/** Two brokers with the NATS transporter and default options: JSON, no parameter validation, no metrics, no tracing. */
const moleculer: RemoteArm = {
  name: 'moleculer',
  path: 'broker.call and broker.emit with the NATS transporter and its defaults (JSON, no validation, no tracing), requestTimeout set',
  version: () => installedVersion('moleculer', import.meta.url),
  async respond(address) {
    const broker = await createBroker(address, 'responder');
    let handled = 0;
    broker.createService({
      name: `responder-${address.pair}`,
      actions: {
        answer: (context: { params: Payload }) => context.params.seq,
        meet: () => broker.waitForServices(`caller-${address.pair}`, 10_000, 20),
      },
      events: {
        [`tell-${address.pair}`]: () => {
          if (++handled % reportEvery === 0) void broker.emit(`handled-${address.pair}`, { handled });
        },
      },
    });
    await broker.start();
    return { close: () => broker.stop() };
  },
  async call(address) {
    const broker = await createBroker(address, 'caller');
    let listener: (handled: number) => void = ignore;
    broker.createService({
      name: `caller-${address.pair}`,
      events: {
        [`handled-${address.pair}`]: (context: { params: { handled: number } }) =>
          listener(context.params.handled),
      },
    });
    await broker.start();
    await broker.waitForServices(`responder-${address.pair}`, 10_000, 20);
    await broker.call(`responder-${address.pair}.meet`);
    const action = `responder-${address.pair}.answer`;
    const event = `tell-${address.pair}`;
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

async function createBroker({ natsUrl, pair }: PairAddress, side: string): Promise<Broker> {
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
