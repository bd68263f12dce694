import { blobContract } from '../../testing/blob-contract.ts';
import { memoryLogsKit } from '../../testing/memory-logs.ts';
import { RecordWriter } from '../log/record-writer.ts';
import { LogBlobs } from './log-blobs.ts';

blobContract('memory', () => {
  const { log, clock, random, eventually } = memoryLogsKit();
  const writer = new RecordWriter({ log, clock, random });
  return Promise.resolve({
    blobs: new LogBlobs({ log, writer, clock, random }),
    log,
    eventually,
    dispose: () => Promise.resolve(),
  });
});
