import { systemClock } from '../../clock/system-clock.ts';
import { eventually, openJetStream } from '../../testing/jetstream.ts';
import { logContract } from '../../testing/log-contract.ts';
import { JetStreamLog } from './jetstream-log.ts';

logContract('JetStream', async () => {
  const { client, dispose } = await openJetStream();
  return { log: new JetStreamLog(client), wallNow: () => systemClock.wallNow(), eventually, dispose };
});
