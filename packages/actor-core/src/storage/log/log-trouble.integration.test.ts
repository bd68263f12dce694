import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, expect, it } from 'vitest';
import { systemClock } from '../../clock/system-clock.ts';
import { systemRandom } from '../../random/system-random.ts';
import { connectJetStream } from '../../testing/jetstream.ts';
import { type NatsServer, startNatsServer } from '../../testing/nats-server.ts';
import { fillDisk, mountSmallDisk } from '../../testing/small-disk.ts';
import { JetStreamLog } from './jetstream-log.ts';
import { RecordWriter } from './record-writer.ts';

const ends: (() => unknown)[] = [];
afterEach(async () => {
  for (const end of ends.splice(0).toReversed()) await end();
});

async function connect(server: NatsServer): Promise<{ log: JetStreamLog; writer: RecordWriter }> {
  const { client, transport } = await connectJetStream([server.url]);
  ends.push(() => transport.close());
  const log = new JetStreamLog(client);
  const writer = new RecordWriter({
    log,
    clock: systemClock,
    random: systemRandom,
    operationTimeoutMs: 2_500,
  });
  return { log, writer };
}

/** The folder of a disk that ends with the test; undefined where this user may not mount one. */
function smallDisk(): string | undefined {
  const disk = mountSmallDisk();
  if (disk !== undefined) ends.push(() => disk.dispose());
  return disk?.folder;
}

it('reports a log as missing once the server runs without the store that it had', async () => {
  const server = await startNatsServer();
  ends.push(() => server.dispose());
  const before = await connect(server);
  await before.log.ensure({ name: 'S', subjects: ['s.>'] });
  await before.writer.write('S', { subject: 's.a', payload: Uint8Array.of(1) });
  // A running server holds its files open and goes on confirming.
  rmSync(join(server.data, 'jetstream'), { recursive: true, force: true });
  await server.stop('SIGKILL');
  await server.start();
  const { writer, log } = await connect(server);
  await expect(writer.write('S', { subject: 's.a', payload: Uint8Array.of(3) })).rejects.toMatchObject({
    code: 'store-missing',
  });
  await expect(log.readLast('S', 's.a')).rejects.toMatchObject({ code: 'store-missing' });
});

it('reports a full disk as full', async (context) => {
  const folder = smallDisk();
  if (folder === undefined) {
    context.skip('mounting a small file system needs root');
    return;
  }
  const server = await startNatsServer({ folder });
  ends.push(() => server.dispose());
  const { log, writer } = await connect(server);
  await log.ensure({ name: 'S', subjects: ['s.>'] });
  await writer.write('S', { subject: 's.a', payload: Uint8Array.of(1) });
  fillDisk(folder);
  await expect(writer.write('S', { subject: 's.b', payload: new Uint8Array(200_000) })).rejects.toMatchObject(
    { code: 'store-full' },
  );
});

it('reports a full disk as full to those who write batches, each time', async (context) => {
  const folder = smallDisk();
  if (folder === undefined) {
    context.skip('mounting a small file system needs root');
    return;
  }
  const server = await startNatsServer({ folder });
  ends.push(() => server.dispose());
  const { log, writer } = await connect(server);
  await log.ensure({ name: 'S', subjects: ['s.>'], historyPerSubject: 1 });
  await writer.write('S', { subject: 's.a', payload: Uint8Array.of(1) });
  fillDisk(folder);
  const batch = [
    { subject: 's.b', payload: new Uint8Array(200_000) },
    { subject: 's.c', payload: Uint8Array.of(1) },
  ];
  // The first attempts may be unanswered, later ones are refused at once.
  for (let round = 0; round < 3; round++)
    await expect(writer.writeBatch('S', batch)).rejects.toMatchObject({ code: 'store-full' });
}, 60_000);
