import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { StoreUnavailableError } from '../errors.ts';
import { systemClock } from '../clock/system-clock.ts';
import { takeFence } from '../fence/fence.ts';
import { FencedWriter } from '../fence/fenced-writer.ts';
import { systemRandom } from '../random/system-random.ts';
import { blobContract } from '../testing/blob-contract.ts';
import { connectJetStream, eventually, type JetStream } from '../testing/jetstream.ts';
import { keyValueContract } from '../testing/key-value-contract.ts';
import { logContract } from '../testing/log-contract.ts';
import { type NatsCluster, startNatsCluster } from '../testing/nats-cluster.ts';
import { workQueueContract } from '../testing/work-queue-contract.ts';
import { LogBlobs } from './blob/log-blobs.ts';
import type { Bucket } from './key-value/key-value.ts';
import { LogKeyValue } from './key-value/log-key-value.ts';
import { JetStreamLog } from './log/jetstream-log.ts';
import { RecordWriter } from './log/record-writer.ts';
import { JetStreamConsumers } from './work-queue/jetstream-consumers.ts';
import { LogWorkQueues } from './work-queue/log-work-queue.ts';

// Elections and replication take their time, and so do three servers on one machine.

const clock = systemClock;
const random = systemRandom;
const replicas = 3;

let cluster: NatsCluster;
let connections = 0;

beforeAll(async () => {
  cluster = await startNatsCluster();
  const { client, transport } = await connectJetStream(cluster.urls);
  const log = new JetStreamLog(client);
  const isReady = () =>
    log.ensure({ name: 'READY', subjects: ['ready.>'], replicas }).then(
      () => true,
      () => false,
    );
  await eventually(isReady, 50_000);
  await transport.close();
});
afterAll(() => cluster.dispose());

interface Node extends Pick<JetStream, 'client' | 'transport'> {
  readonly log: JetStreamLog;
  readonly writer: RecordWriter;
  readonly dispose: () => Promise<void>;
}

/** Each node is connected to the next server. */
async function openNode(): Promise<Node> {
  const first = connections++ % cluster.urls.length;
  const servers = [...cluster.urls.slice(first), ...cluster.urls.slice(0, first)];
  const { client, transport } = await connectJetStream(servers, `n${connections}`);
  const log = new JetStreamLog(client);
  const writer = new RecordWriter({ log, clock, random, operationTimeoutMs: 20_000 });
  return { client, transport, log, writer, dispose: () => transport.close() };
}

logContract('JetStream with three replicas', async () => {
  const { log, dispose } = await openNode();
  return { log, replicas, wallNow: () => clock.wallNow(), eventually, dispose };
});

keyValueContract('JetStream with three replicas', async () => {
  const { log, writer, dispose } = await openNode();
  return { keyValue: new LogKeyValue({ log, writer, clock }), replicas, eventually, dispose };
});

workQueueContract('JetStream with three replicas, in a shared log,', async () => {
  const { log, writer, client, dispose } = await openNode();
  const queues = new LogWorkQueues({ log, writer, consumers: new JetStreamConsumers(client), clock });
  return { isShared: true, queues, replicas, eventually, settled: (work) => work, dispose };
});

blobContract('JetStream with three replicas', async () => {
  const { log, writer, dispose } = await openNode();
  return { blobs: new LogBlobs({ log, writer, clock, random }), log, replicas, eventually, dispose };
});

function bucketOf({ log, writer }: Node): Promise<Bucket> {
  return new LogKeyValue({ log, writer, clock }).ensure({ name: 'B', feed: 'feed.B', history: 64, replicas });
}

describe('with three replicas', () => {
  it('grows a log that exists with one replica, with its records, and gives every new log three', async () => {
    const { log, client, dispose } = await openNode();
    await log.ensure({ name: 'GROWS', subjects: ['grows.>'] });
    await log.append('GROWS', { subject: 'grows.a', payload: Uint8Array.of(7) });
    const growing = new JetStreamLog(client, { leastReplicas: 3 });
    const spec = { name: 'GROWS', subjects: ['grows.>'], replicas: 1 };
    expect((await growing.ensure(spec)).spec.replicas).toBe(3);
    expect((await growing.ensure(spec)).spec.replicas).toBe(3);
    expect((await growing.readLast('GROWS', 'grows.a'))?.payload).toEqual(Uint8Array.of(7));
    expect((await growing.ensure({ name: 'NEW', subjects: ['new.>'] })).spec.replicas).toBe(3);
    await dispose();
  });

  it('accepts every one of many concurrent writes under one fence', async () => {
    const { log, writer, dispose } = await openNode();
    await log.ensure({ name: 'G', subjects: ['g.>'], replicas });
    const record = { subject: 'g.lead', payload: new Uint8Array(1) };
    const taken = await takeFence(writer, { log: 'G', after: 0, record });
    if (taken.kind === 'lost') throw new Error('lost');
    const fenced = new FencedWriter({ log, writer });
    const outcomes = await Promise.all(
      Array.from({ length: 200 }, (_, i) =>
        fenced.write(taken.fence, { subject: `g.k${i}`, payload: new Uint8Array(1) }),
      ),
    );
    expect(new Set(outcomes.map(({ kind }) => kind))).toEqual(new Set(['written']));
    await dispose();
  });

  it('reports every change to a watcher while one server after the other is killed and restarted', async () => {
    const [reader, author] = [await openNode(), await openNode()];
    const bucket = await bucketOf(author);
    const reported: string[] = [];
    const watch = await (await bucketOf(reader)).watch({
      onChange: ({ value }) => reported.push(new TextDecoder().decode(value)),
    });
    const written: string[] = [];
    const unknown = new Set<string>();
    let values = 0;
    // JetStream may need longer for an election than a write waits: such a value may be reported or not.
    const put = async (): Promise<void> => {
      const value = `${values++}`;
      try {
        await bucket.put('key', new TextEncoder().encode(value));
        written.push(value);
      } catch (error) {
        if (!(error instanceof StoreUnavailableError)) throw error;
        unknown.add(value);
        await put();
      }
    };
    const known = () => reported.filter((value) => !unknown.has(value));
    let silenceMs = 0;
    for (const server of cluster.servers) {
      await server.stop('SIGKILL');
      for (let i = 0; i < 5; i++) await put();
      const writtenAtMs = clock.now();
      await eventually(() => known().length >= written.length, 30_000).catch(() => undefined);
      expect(known(), `next ${watch.next}, ${JSON.stringify(await author.log.info('KV_B'))}`).toEqual(
        written,
      );
      silenceMs = Math.max(silenceMs, clock.now() - writtenAtMs);
      await server.start();
      await eventually(() => author.log.info('KV_B').then(({ spec }) => spec.replicas === replicas), 30_000);
    }
    expect(known()).toEqual(written);
    // JetStream's own watch was silent for 88 s here.
    expect(silenceMs).toBeLessThan(15_000);
    watch.close();
    await Promise.all([reader.dispose(), author.dispose()]);
  });
});
