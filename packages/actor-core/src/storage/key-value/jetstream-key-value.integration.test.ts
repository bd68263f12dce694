import { systemClock } from '../../clock/system-clock.ts';
import { systemRandom } from '../../random/system-random.ts';
import { eventually, openJetStream } from '../../testing/jetstream.ts';
import { keyValueContract } from '../../testing/key-value-contract.ts';
import { JetStreamLog } from '../log/jetstream-log.ts';
import { RecordWriter } from '../log/record-writer.ts';
import { LogKeyValue } from './log-key-value.ts';

keyValueContract('JetStream', async () => {
  const { client, dispose } = await openJetStream();
  const log = new JetStreamLog(client);
  const clock = systemClock;
  const writer = new RecordWriter({ log, clock, random: systemRandom });
  return { keyValue: new LogKeyValue({ log, writer, clock }), eventually, dispose };
});
