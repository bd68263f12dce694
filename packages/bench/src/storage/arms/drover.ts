import { silentLogger, systemClock, systemRandom } from '@drover/actor-core';
import { connectNats } from '@drover/actor-core/cluster';
import {
  type Fence,
  FencedWriter,
  JetStreamClient,
  JetStreamConsumers,
  JetStreamLog,
  LogKeyValue,
  LogWorkQueues,
  RecordWriter,
  takeFence,
  type WorkQueue,
} from '@drover/actor-core/durable';
import { installedVersion } from '../../installed-version.ts';
import type { FenceCommit, KeyedValues, StorageArm } from '../storage-arm.ts';

const fencedLog = 'FENCED';
/** Takers, and the most tasks that each takes at once: 64 tasks together. */
const takers = 4;
const tasksPerTake = 16;
const takeWaitMs = 1_000;

/** Our storage layer with its defaults. */
const drover: StorageArm = {
  name: 'drover',
  path: 'connectNats, LogKeyValue, FencedWriter and LogWorkQueues with their defaults: every write has an id and is repeated until its outcome is known',
  version: () => installedVersion('@drover/actor-core', import.meta.url),
  async connect(server) {
    const parts = { clock: systemClock, random: systemRandom };
    const transport = await connectNats({ node: 'bench', servers: [server], log: silentLogger, ...parts });
    const client = new JetStreamClient({ transport, ...parts });
    const log = new JetStreamLog(client);
    const writer = new RecordWriter({ log, ...parts });
    const bucket = await new LogKeyValue({ log, writer, clock: systemClock }).ensure({ name: 'bench' });
    const consumers = new JetStreamConsumers(client);
    const queues = new LogWorkQueues({ log, writer, consumers, clock: systemClock });
    const queue = await queues.ensure({ name: 'bench', prefix: 'tasks', feed: 'feed.tasks' });
    const fence = await fenceIn(log, writer);
    const fencedKeys = (commit: FenceCommit): KeyedValues =>
      keysUnder(fence, log, new FencedWriter({ log, writer, commit }));
    const closing = new AbortController();
    return {
      put: (key, value) => bucket.put(key, value),
      get: async (key) => (await bucket.get(key))?.value,
      update: async (key, value, revision) => {
        const outcome = await bucket.update(key, value, revision);
        return outcome.kind === 'written' ? outcome.revision : undefined;
      },
      fenced: { pipeline: fencedKeys('pipeline'), batch: fencedKeys('batch') },
      putTask: async (id, body) => {
        if ((await queue.put({ id, body })) !== 'queued') throw new Error(`the task ${id} was not accepted`);
      },
      takeTasks: async (onDone) => {
        await Promise.all(
          Array.from({ length: takers }, async () => {
            while (!closing.signal.aborted) await takeOnce(queue, onDone);
          }),
        );
      },
      close: async () => {
        closing.abort();
        queue.close();
        await transport.close();
      },
    };
  },
};

export default drover;

async function takeOnce(queue: WorkQueue, onDone: (id: string, body: Uint8Array) => void): Promise<void> {
  const tasks = await queue.take({ max: tasksPerTake, waitMs: takeWaitMs });
  await Promise.all(
    tasks.map(async ({ lease, id, body }) => {
      if ((await queue.ack(lease)) !== 'settled') throw new Error(`the lease of the task ${id} was lost`);
      onDone(id, body);
    }),
  );
}

async function fenceIn(log: JetStreamLog, writer: RecordWriter): Promise<Fence> {
  await log.ensure({ name: fencedLog, subjects: ['fenced.>'] });
  const record = { subject: 'fenced.holder', payload: new Uint8Array(0) };
  const taken = await takeFence(writer, { log: fencedLog, after: 0, record });
  if (taken.kind === 'lost') throw new Error('the fence of a new log has a holder');
  return taken.fence;
}

function keysUnder(fence: Fence, log: JetStreamLog, writer: FencedWriter): KeyedValues {
  return {
    put: async (key, payload) => {
      const outcome = await writer.write(fence, { subject: subjectOf(key), payload });
      if (outcome.kind !== 'written') throw new Error(`a fenced write ended with ${outcome.kind}`);
      return outcome.sequence;
    },
    get: async (key) => (await log.readLast(fencedLog, subjectOf(key)))?.payload,
  };
}

function subjectOf(key: string): string {
  return `fenced.key.${key}`;
}
