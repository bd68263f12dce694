import { silentLogger, systemClock } from '@drover/actor-core';
import { joinCluster, type QueueAddress, startQueues } from '@drover/actor-core/cluster';
import { installedVersion } from '../../installed-version.ts';
import { untilReady } from '../../until-ready.ts';
import type { QueueArm } from '../queue-arm.ts';

const at: QueueAddress = { tenant: 'bench', queue: 'deep' };

/** The durable queues of a cluster node. */
const drover: QueueArm = {
  name: 'drover',
  path: 'startQueues on a node of a cluster: messages by id, leases, confirmed acknowledgements',
  version: () => installedVersion('@drover/actor-core', import.meta.url),
  async connect(servers, { replicas }) {
    const node = await joinCluster({
      nodeId: 'bench',
      incarnation: systemClock.wallNow(),
      roles: ['host'],
      cell: 'bench',
      nats: { servers: servers.split(',') },
      pid: process.pid,
      log: silentLogger,
      replicas,
    });
    const queues = startQueues(node);
    await untilReady(() => queues.put({ tenant: 'bench', queue: 'ready' }, { body: new Uint8Array(1) }));
    return {
      async put(id, body) {
        const { isDuplicate } = await queues.put(at, { id, body });
        if (isDuplicate) throw new Error(`the new message ${id} was refused as a duplicate`);
      },
      async take() {
        const messages = await queues.take(at);
        const [message] = messages;
        if (message === undefined || messages.length > 1)
          throw new Error(`a take gave ${messages.length} messages`);
        return {
          id: message.id,
          async ack() {
            const outcome = await queues.ack(at, message);
            if (outcome !== 'settled') throw new Error(`an acknowledgement was answered ${outcome}`);
          },
        };
      },
      async close() {
        queues.close();
        await node.leave();
      },
    };
  },
};

export default drover;
