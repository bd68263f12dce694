import { installedVersion } from '../../src/installed-version.ts';
import type { QueueArm } from '../../src/queue/queue-arm.ts';
import { redisVersion, startRedis } from '../redis/redis-server.ts';

const name = 'deep';
const token = 'bench';
const lockMs = 3_600_000;

/** BullMQ on Redis, with jobs that are taken and completed by hand, as its documentation describes. */
const bullmq: QueueArm = {
  name: 'bullmq',
  path: 'Queue.add, Worker.getNextJob and Job.moveToCompleted over ioredis; redis-server with its append-only file, synced every second or always',
  durabilities: ['process', 'power'],
  version: () =>
    `${installedVersion('bullmq', import.meta.url)}, ioredis ${installedVersion('ioredis', import.meta.url)}, redis-server ${redisVersion()}`,
  async connect(_servers, durability) {
    const { Queue, Worker } = await import('bullmq');
    const server = await startRedis(durability);
    const connection = { host: '127.0.0.1', port: server.port, maxRetriesPerRequest: null };
    const queue = new Queue(name, { connection });
    const worker = new Worker(name, null, { connection, lockDuration: lockMs });
    await Promise.all([queue.waitUntilReady(), worker.waitUntilReady()]);
    return {
      async put(id, body) {
        await queue.add('message', Buffer.from(body).toString('latin1'), { jobId: id });
      },
      async take() {
        const job = await worker.getNextJob(token);
        if (job?.id === undefined) throw new Error('a take gave no message');
        return {
          id: job.id,
          async ack() {
            await job.moveToCompleted('', token, false);
          },
        };
      },
      async close() {
        await Promise.all([worker.close(), queue.close()]);
        server.close();
      },
    };
  },
};

export default bullmq;
