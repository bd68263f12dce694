import { RecordWriter } from '../log/record-writer.ts';
import { keyValueContract } from '../../testing/key-value-contract.ts';
import { memoryLogsKit } from '../../testing/memory-logs.ts';
import { LogKeyValue } from './log-key-value.ts';

keyValueContract('memory', () => {
  const { log, clock, random, eventually } = memoryLogsKit();
  const writer = new RecordWriter({ log, clock, random });
  return Promise.resolve({
    keyValue: new LogKeyValue({ log, writer, clock }),
    eventually,
    dispose: () => Promise.resolve(),
  });
});
