import { systemClock } from '../../clock/system-clock.ts';
import { systemRandom } from '../../random/system-random.ts';
import { blobContract } from '../../testing/blob-contract.ts';
import { eventually, openJetStream } from '../../testing/jetstream.ts';
import { JetStreamLog } from '../log/jetstream-log.ts';
import { RecordWriter } from '../log/record-writer.ts';
import { LogBlobs } from './log-blobs.ts';

blobContract('JetStream', async () => {
  const { client, dispose } = await openJetStream();
  const log = new JetStreamLog(client);
  const parts = { log, clock: systemClock, random: systemRandom };
  const blobs = new LogBlobs({ ...parts, writer: new RecordWriter(parts) });
  return { blobs, log, eventually, dispose };
});
