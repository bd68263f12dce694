import { systemClock } from '../clock/system-clock.ts';
import { silentLogger } from '../logger.ts';
import { systemRandom } from '../random/system-random.ts';
import { type NatsCluster, startNatsCluster } from '../testing/nats-cluster.ts';
import { transportContract } from '../testing/transport-contract.ts';
import { waitUntil } from '../testing/wait-until.ts';
import { connectNats } from './connect-nats.ts';
import type { HeaderTransport } from './transport.ts';

// Elections and replication take time, and three servers share one machine.

/** Connects each node to a different server, so that messages between them cross a route. */
function connectTo(cluster: NatsCluster, node: string): Promise<HeaderTransport> {
  const first = node === 'one' ? 0 : 1;
  return connectNats({
    node,
    servers: [...cluster.urls.slice(first), ...cluster.urls.slice(0, first)],
    clock: systemClock,
    random: systemRandom,
    log: silentLogger,
  });
}

transportContract('a cluster of three NATS servers', async () => {
  const cluster = await startNatsCluster();
  const witness = await connectTo(cluster, 'one');
  const arrived = new Set<string>();
  witness.subscribe('routed.*', ({ subject }) => void arrived.add(subject));
  let probes = 0;
  /**
   * Waits until every server knows the subscriptions of this connection: a route carries them before later messages.
   */
  const untilRouted = async (transport: HeaderTransport) => {
    const probe = `routed.${++probes}`;
    await waitUntil(`${probe} crosses a route`, () => {
      transport.publish(probe, new Uint8Array(0));
      return arrived.has(probe);
    });
  };
  return {
    async connect(node) {
      const transport = await connectTo(cluster, node);
      const flush = transport.flush.bind(transport);
      transport.flush = async (options) => {
        await flush(options);
        await untilRouted(transport);
      };
      await untilRouted(transport);
      return transport;
    },
    async outage() {
      await cluster.kill();
      return { end: () => cluster.start() };
    },
    async dispose() {
      await witness.close();
      await cluster.dispose();
    },
  };
});
