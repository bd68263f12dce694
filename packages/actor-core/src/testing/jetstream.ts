import { systemClock } from '../clock/system-clock.ts';
import { silentLogger } from '../logger.ts';
import { systemRandom } from '../random/system-random.ts';
import { JetStreamClient } from '../storage/jetstream/jetstream-client.ts';
import { connectNats } from '../transport/connect-nats.ts';
import type { HeaderTransport } from '../transport/transport.ts';
import { type NatsServer, startNatsServer } from './nats-server.ts';

/** A real nats-server, and a client of its JetStream. */
export interface JetStream {
  readonly server: NatsServer;
  readonly transport: HeaderTransport;
  readonly client: JetStreamClient;
  readonly dispose: () => Promise<void>;
}

/** Starts a server and connects to it. */
export async function openJetStream(): Promise<JetStream> {
  const server = await startNatsServer();
  const { transport, client } = await connectJetStream([server.url]);
  const dispose = async () => {
    await transport.close();
    await server.dispose();
  };
  return { server, transport, client, dispose };
}

/** Connects to servers that run. */
export async function connectJetStream(
  servers: readonly string[],
  node: string = 'one',
): Promise<Pick<JetStream, 'transport' | 'client'>> {
  const parts = { clock: systemClock, random: systemRandom };
  const transport = await connectNats({ node, servers, log: silentLogger, ...parts });
  return { transport, client: new JetStreamClient({ transport, ...parts }) };
}

/** Waits in real time until the condition holds. */
export async function eventually(
  condition: () => boolean | Promise<boolean>,
  timeoutMs: number = 10_000,
): Promise<void> {
  const deadline = systemClock.now() + timeoutMs;
  while (!(await condition())) {
    if (systemClock.now() > deadline) throw new Error(`the condition does not hold after ${timeoutMs} ms`);
    await new Promise<void>((resolve) => systemClock.setTimer(20, resolve));
  }
}
