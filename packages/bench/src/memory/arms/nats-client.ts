import { Kvm } from '@nats-io/kv';
import { installedVersion } from '../../installed-version.ts';
import { untilReady } from '../../until-ready.ts';
import type { MemoryArm } from '../memory-arm.ts';

/** The key-value client of NATS, used as in its documentation. */
const natsClient: MemoryArm = {
  name: 'nats client',
  path: '@nats-io/kv with its defaults: put, and a watch on a second connection; it has no cache and no proven reads',
  version: () => installedVersion('@nats-io/kv', import.meta.url),
  async connect(servers, { replicas }) {
    const { connect } = await import('@nats-io/transport-node');
    const to = { servers: servers.split(',') };
    const connections = [await connect(to), await connect(to)] as const;
    const kv = new Kvm(connections[0]);
    const bucket = await untilReady(() => kv.create('bench', { history: 1, replicas }));
    const other = await new Kvm(connections[1]).open('bench');
    return {
      put: (key, value) => bucket.put(key, value),
      onChange: async (listener) => {
        const changes = await other.watch({ include: 'updates' });
        void (async () => {
          for await (const { key } of changes) listener(key);
        })();
      },
      close: async () => {
        for (const connection of connections) await connection.close();
      },
    };
  },
};

export default natsClient;
