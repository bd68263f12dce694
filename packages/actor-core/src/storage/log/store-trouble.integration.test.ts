import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, expect, it } from 'vitest';
import { systemClock } from '../../clock/system-clock.ts';
import { silentLogger } from '../../logger.ts';
import { systemRandom } from '../../random/system-random.ts';
import { type NatsServer, startNatsServer } from '../../testing/nats-server.ts';
import { fillDisk, mountSmallDisk } from '../../testing/small-disk.ts';
import { connectNats } from '../../transport/connect-nats.ts';
import type { HeaderTransport } from '../../transport/transport.ts';
import { JetStreamStore } from './jetstream-store.ts';

const ends: (() => unknown)[] = [];
afterEach(async () => {
  for (const end of ends.splice(0).toReversed()) await end();
});

async function connect(server: NatsServer): Promise<JetStreamStore> {
  const parts = { clock: systemClock, random: systemRandom };
  const transport: HeaderTransport = await connectNats({
    node: 'n',
    servers: [server.url],
    log: silentLogger,
    ...parts,
  });
  ends.push(() => transport.close());
  return new JetStreamStore({ transport, ...parts, operationTimeoutMs: 1_500 });
}

async function open(server: NatsServer): Promise<JetStreamStore> {
  const store = await connect(server);
  await store.ensureStream({ name: 'S', subjects: ['s.>'] });
  await store.append('S', 's.a', Uint8Array.of(1));
  return store;
}

/** The folder of a disk that ends with the test; undefined where this user may not mount one. */
function smallDisk(): string | undefined {
  const disk = mountSmallDisk();
  if (disk !== undefined) ends.push(() => disk.dispose());
  return disk?.folder;
}

it('reports a missing stream when the server restarts without its store', async () => {
  const server = await startNatsServer();
  ends.push(() => server.dispose());
  await open(server);
  // A running server keeps its files open and continues to confirm writes.
  rmSync(join(server.data, 'jetstream'), { recursive: true, force: true });
  await server.stop('SIGKILL');
  await server.start();
  const again = await connect(server);
  await expect(again.append('S', 's.a', Uint8Array.of(3))).rejects.toMatchObject({
    code: 'store-missing',
    message: expect.stringContaining('S is not in JetStream') as string,
  });
  await expect(again.readLast('S', 's.a')).rejects.toMatchObject({ code: 'store-missing' });
}, 30_000);

it('reports a full disk', async (context) => {
  const folder = smallDisk();
  if (folder === undefined) {
    context.skip('mounting a small file system needs root');
    return;
  }
  const server = await startNatsServer({ folder });
  ends.push(() => server.dispose());
  const store = await open(server);
  fillDisk(folder);
  await expect(store.append('S', 's.b', new Uint8Array(200_000))).rejects.toMatchObject({
    code: 'store-full',
    message: expect.stringContaining('its disk is full') as string,
  });
}, 30_000);
