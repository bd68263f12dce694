import { systemClock } from '../clock/system-clock.ts';
import { silentLogger } from '../logger.ts';
import { systemRandom } from '../random/system-random.ts';
import { type NatsCluster, startNatsCluster } from '../testing/nats-cluster.ts';
import { transportContract } from '../testing/transport-contract.ts';
import { waitUntil } from '../testing/wait-until.ts';
import { connectNats } from './connect-nats.ts';
import type { HeaderTransport } from './transport.ts';

// Elections and replication take time, and three servers share one machine.

/** Connects each node to a server of its own, so that messages between them cross a route. */
function connectTo({ urls }: NatsCluster, node: string): Promise<HeaderTransport> {
  return connectNats({
    node,
    servers: urls.slice(node === 'one' ? 0 : 1, node === 'one' ? 1 : 2),
    clock: systemClock,
    random: systemRandom,
    log: silentLogger,
  });
}

transportContract('a cluster of three NATS servers', async () => {
  const cluster = await startNatsCluster();
  /** The probes that each connection has received. */
  const arrived = new Map<HeaderTransport, Set<string>>();
  let probes = 0;
  /**
   * Waits until the servers of all connections know the subscriptions of this connection: a route carries them before
   * later messages.
   */
  const untilRouted = async (transport: HeaderTransport) => {
    const probe = `routed.${++probes}`;
    await waitUntil(`${probe} crosses the routes`, () => {
      transport.publish(probe, new Uint8Array(0));
      return [...arrived.values()].every((seen) => seen.has(probe));
    });
  };
  return {
    async connect(node) {
      const transport = await connectTo(cluster, node);
      const seen = new Set<string>();
      transport.subscribe('routed.*', ({ subject }) => void seen.add(subject));
      arrived.set(transport, seen);
      const close = transport.close.bind(transport);
      transport.close = async () => {
        arrived.delete(transport);
        await close();
      };
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
      await cluster.dispose();
    },
  };
});
