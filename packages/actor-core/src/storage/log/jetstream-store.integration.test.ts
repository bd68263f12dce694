import { expect, it } from 'vitest';
import { systemClock } from '../../clock/system-clock.ts';
import { StoreUnavailableError } from '../../errors.ts';
import { silentLogger } from '../../logger.ts';
import { systemRandom } from '../../random/system-random.ts';
import { startNatsServer, type NatsServer } from '../../testing/nats-server.ts';
import { storeContract } from '../../testing/store-contract.ts';
import { connectNats } from '../../transport/connect-nats.ts';
import type { HeaderTransport } from '../../transport/transport.ts';
import { JetStreamStore } from './jetstream-store.ts';

async function open(): Promise<{
  server: NatsServer;
  transport: HeaderTransport;
  store: JetStreamStore;
  dispose: () => Promise<void>;
}> {
  const server = await startNatsServer();
  const transport = await connectNats({
    node: 'one',
    servers: [server.url],
    clock: systemClock,
    random: systemRandom,
    log: silentLogger,
  });
  const store = new JetStreamStore({ transport, clock: systemClock, random: systemRandom });
  const dispose = async () => {
    await transport.close();
    await server.dispose();
  };
  return { server, transport, store, dispose };
}

storeContract('JetStream', open);

it('keeps acknowledged records when the server is killed, and reports an unknown outcome', async () => {
  const { server, transport, store, dispose } = await open();
  await store.ensureStream({ name: 'S', subjects: ['s.>'] });
  const { sequence } = await store.append('S', 's.lead', Uint8Array.of(1), { lastSequence: 0 });
  const back = new Promise<void>((resolve) =>
    transport.onConnectionChange((connected) => connected && resolve()),
  );
  const cut = new Promise<void>((resolve) =>
    transport.onConnectionChange((connected) => !connected && resolve()),
  );
  await server.stop('SIGKILL');
  await cut;
  await expect(
    store.append('S', 's.lead', Uint8Array.of(2), { lastSequence: sequence }),
  ).rejects.toBeInstanceOf(StoreUnavailableError);
  await server.start();
  await back;
  expect((await store.readLast('S', 's.lead'))?.sequence).toBe(sequence);
  await store.append('S', 's.lead', Uint8Array.of(2), { lastSequence: sequence });
  await dispose();
});

it('refuses an existing stream with other replicas', async () => {
  const { store, dispose } = await open();
  await store.ensureStream({ name: 'S', subjects: ['s.>'] });
  await expect(store.ensureStream({ name: 'S', subjects: ['s.>'], replicas: 3 })).rejects.toMatchObject({
    argument: 'spec.replicas',
  });
  await dispose();
});
