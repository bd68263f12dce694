import { memoryLogsKit } from '../../testing/memory-logs.ts';
import { workQueueContract } from '../../testing/work-queue-contract.ts';
import { RecordWriter } from '../log/record-writer.ts';
import { LogWorkQueues } from './log-work-queue.ts';
import { MemoryLeases } from './memory-consumers.ts';

for (const isShared of [false, true])
  workQueueContract(isShared ? 'memory, in a shared log,' : 'memory', () => {
    const { log, logs, clock, random, eventually, settled } = memoryLogsKit();
    const writer = new RecordWriter({ log, clock, random });
    const consumers = new MemoryLeases(logs, clock).connect('one');
    return Promise.resolve({
      isShared,
      queues: new LogWorkQueues({ log, writer, consumers, clock }),
      eventually,
      settled,
      dispose: () => Promise.resolve(),
    });
  });
