import { silentLogger } from '@drover/actor-core';
import { joinCluster, parseScope, startMemory } from '@drover/actor-core/cluster';
import { installedVersion } from '../../installed-version.ts';
import type { MemoryArm } from '../memory-arm.ts';

/** The replicated memory of a cluster node. */
const drover: MemoryArm = {
  name: 'drover',
  path: 'startMemory on a node of a cluster: put is a compare-and-set at the newest revision, fresh is proven by a barrier write',
  version: () => installedVersion('@drover/actor-core', import.meta.url),
  async connect(servers, { replicas }) {
    const join = async (nodeId: string) => {
      const node = await joinCluster({
        nodeId,
        incarnation: Date.now(),
        roles: ['host'],
        cell: 'bench',
        nats: { servers: servers.split(',') },
        pid: process.pid,
        log: silentLogger,
        replicas,
      });
      const memory = startMemory(node, { replicas });
      return { node, memory, values: memory.scope('default', parseScope('global')) };
    };
    const one = await join('one');
    const nodes = [one];
    const { values } = one;
    return {
      put: (key, value) => values.put(key, value),
      putAll: (entries) => values.batch(entries.map(([key, value]) => ({ kind: 'put', key, value }))),
      cached: async (key) => (await values.get(key, { level: 'cached' }))?.value,
      fresh: async (key) => (await values.get(key, { level: 'fresh' }))?.value,
      onChange: async (listener) => {
        const two = await join(`other-${nodes.length}`);
        nodes.push(two);
        // The bucket is open once a read was answered.
        await two.values.get('none');
        two.values.watch((event) => {
          if (event.type === 'put') listener(event.key);
        });
      },
      close: async () => {
        for (const { node, memory } of nodes) {
          memory.close();
          await node.leave();
        }
      },
    };
  },
};

export default drover;
