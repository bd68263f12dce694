import { systemClock } from '../../clock/system-clock.ts';
import { systemRandom } from '../../random/system-random.ts';
import { eventually, openJetStream } from '../../testing/jetstream.ts';
import { workQueueContract } from '../../testing/work-queue-contract.ts';
import { JetStreamLog } from '../log/jetstream-log.ts';
import { RecordWriter } from '../log/record-writer.ts';
import { JetStreamConsumers } from './jetstream-consumers.ts';
import { LogWorkQueues } from './log-work-queue.ts';

for (const isShared of [false, true])
  workQueueContract(isShared ? 'JetStream, in a shared log,' : 'JetStream', async () => {
    const { client, dispose } = await openJetStream();
    const log = new JetStreamLog(client);
    const clock = systemClock;
    const writer = new RecordWriter({ log, clock, random: systemRandom });
    const consumers = new JetStreamConsumers(client);
    const queues = new LogWorkQueues({ log, writer, consumers, clock });
    return { isShared, queues, eventually, settled: (work) => work, dispose };
  });
