import { expect, it, vi } from 'vitest';
import { systemClock } from '../clock/system-clock.ts';
import { silentLogger } from '../logger.ts';
import { systemRandom } from '../random/system-random.ts';
import { JetStreamStore } from '../storage/log/jetstream-store.ts';
import type { Store } from '../storage/log/store.ts';
import { type NatsCluster, startNatsCluster } from '../testing/nats-cluster.ts';
import { storeContract } from '../testing/store-contract.ts';
import { transportContract } from '../testing/transport-contract.ts';
import { waitUntil } from '../testing/wait-until.ts';
import { connectNats } from './connect-nats.ts';
import type { HeaderTransport } from './transport.ts';

// Elections and replication take time, and three servers share one machine.
vi.setConfig({ hookTimeout: 60_000, testTimeout: 60_000 });

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

storeContract('JetStream with three replicas', openStore);

it('keeps acknowledged records when one of three servers is killed, and continues without it', async () => {
  const { cluster, store, dispose } = await openStore();
  await store.ensureStream({ name: 'S', subjects: ['s.>'] });
  const { sequence } = await store.append('S', 's.lead', Uint8Array.of(1), { lastSequence: 0 });
  // The server of this connection. It leads the stream or the cluster with a chance of one in three each.
  await cluster.servers[0]?.stop('SIGKILL');
  const read = await retried(() => store.readLast('S', 's.lead'));
  expect(read?.sequence).toBe(sequence);
  await retried(() => store.append('S', 's.next', Uint8Array.of(2), { messageId: 'next' }));
  await dispose();
});

async function openStore(): Promise<{ cluster: NatsCluster; store: Store; dispose: () => Promise<void> }> {
  const cluster = await startNatsCluster();
  const transport = await connectTo(cluster, 'one');
  const plain = new JetStreamStore({ transport, clock: systemClock, random: systemRandom });
  const store: Store = new Proxy(plain, {
    get: (target, key) =>
      key === 'ensureStream'
        ? (spec: Parameters<Store['ensureStream']>[0]) => target.ensureStream({ ...spec, replicas: 3 })
        : (Reflect.get(target, key) as () => unknown).bind(target),
  });
  await retried(() => store.ensureStream({ name: 'READY', subjects: ['ready.>'] }));
  return {
    cluster,
    store,
    async dispose() {
      await transport.close();
      await cluster.dispose();
    },
  };
}

/** Repeats an operation during elections of the cluster. */
async function retried<T>(attempt: () => Promise<T>): Promise<T> {
  const deadlineMs = systemClock.now() + 30_000;
  for (;;) {
    try {
      return await attempt();
    } catch (error) {
      if (systemClock.now() > deadlineMs) throw error;
      await new Promise<void>((resolve) => systemClock.setTimer(100, resolve));
    }
  }
}
