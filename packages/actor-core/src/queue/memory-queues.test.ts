import { silentLogger } from '../logger.ts';
import { createStorage } from '../storage/node-storage.ts';
import { MemoryLeases } from '../storage/work-queue/memory-consumers.ts';
import { memoryLogsKit } from '../testing/memory-logs.ts';
import { queuesContract } from '../testing/queues-contract.ts';
import { LogQueues } from './log-queues.ts';
import { resolveQueueOptions } from './queue-options.ts';
import { createQueueStreams } from './queue-streams.ts';

queuesContract('memory', async () => {
  const { logs, clock, random, eventually, settled, pass } = memoryLogsKit();
  const leases = new MemoryLeases(logs, clock);
  const cell = 'test';
  const storageOf = (node: string) =>
    createStorage({ log: logs.connect(node), consumers: leases.connect(node), clock, random });
  await createQueueStreams(storageOf('host'), cell);
  let nodes = 0;
  return {
    node: (options = {}) =>
      new LogQueues({
        storage: storageOf(`n${++nodes}`),
        cell,
        clock,
        random,
        log: silentLogger,
        options: resolveQueueOptions(options, 1024 * 1024),
      }),
    eventually,
    settled,
    pass,
    dispose: () => Promise.resolve(),
  };
});
