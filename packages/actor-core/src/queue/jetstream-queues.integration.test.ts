import { systemClock } from '../clock/system-clock.ts';
import { silentLogger } from '../logger.ts';
import { systemRandom } from '../random/system-random.ts';
import { jetStreamStorage } from '../storage/node-storage.ts';
import { eventually, openJetStream } from '../testing/jetstream.ts';
import { queuesContract } from '../testing/queues-contract.ts';
import { LogQueues } from './log-queues.ts';
import { resolveQueueOptions } from './queue-options.ts';
import { createQueueStreams } from './queue-streams.ts';

queuesContract('JetStream', async () => {
  const { transport, dispose } = await openJetStream();
  const parts = { clock: systemClock, random: systemRandom };
  const storageOfNode = () => jetStreamStorage({ transport, ...parts });
  await createQueueStreams(storageOfNode(), 'test');
  return {
    node: (options = {}) =>
      new LogQueues({
        storage: storageOfNode(),
        cell: 'test',
        ...parts,
        log: silentLogger,
        options: resolveQueueOptions(options, transport.maxPayloadBytes),
      }),
    eventually,
    settled: (work) => work,
    pass: (ms) => new Promise<void>((resolve) => systemClock.setTimer(ms, resolve)),
    dispose,
  };
});
