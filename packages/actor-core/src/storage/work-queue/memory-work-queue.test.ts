import { memoryLogsKit } from '../../testing/memory-logs.ts';
import { workQueueContract } from '../../testing/work-queue-contract.ts';
import { RecordWriter } from '../log/record-writer.ts';
import { LogWorkQueues } from './log-work-queue.ts';
import { MemoryLeases } from './memory-consumers.ts';

workQueueContract('memory', () => {
  const { log, logs, clock, random, eventually, settled } = memoryLogsKit();
  const writer = new RecordWriter({ log, clock, random });
  const consumers = new MemoryLeases(logs, clock).connect('one');
  return Promise.resolve({
    queues: new LogWorkQueues({ log, writer, consumers, clock }),
    eventually,
    settled,
    dispose: () => Promise.resolve(),
  });
});
