import { Kvm } from '@nats-io/kv';
import { installedVersion } from '../../installed-version.ts';
import type { MemoryArm } from '../memory-arm.ts';

/** The key-value client of NATS, used as in its documentation. */
const natsClient: MemoryArm = {
  name: 'nats client',
  path: '@nats-io/kv with its defaults: put, and a watch on a second connection; it has no cache and no proven reads',
  version: () => installedVersion('@nats-io/kv', import.meta.url),
  async connect(server) {
    const { connect } = await import('@nats-io/transport-node');
    const connections = [await connect({ servers: server }), await connect({ servers: server })] as const;
    const bucket = await new Kvm(connections[0]).create('bench', { history: 1 });
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
