import { expect, it } from 'vitest';
import { systemClock } from '../clock/system-clock.ts';
import { ConnectError } from '../errors.ts';
import { silentLogger } from '../logger.ts';
import { systemRandom } from '../random/system-random.ts';
import { startNatsServer } from '../testing/nats-server.ts';
import { transportContract } from '../testing/transport-contract.ts';
import { waitUntil } from '../testing/wait-until.ts';
import { connectNats } from './connect-nats.ts';
import type { HeaderTransport } from './transport.ts';

function connectTo(url: string, node: string, connectTimeoutMs?: number): Promise<HeaderTransport> {
  return connectNats({
    node,
    servers: [url],
    clock: systemClock,
    random: systemRandom,
    log: silentLogger,
    connectTimeoutMs,
  });
}

transportContract('NATS', async () => {
  const server = await startNatsServer();
  return {
    connect: (node) => connectTo(server.url, node),
    async outage() {
      await server.stop('SIGKILL');
      return { end: () => server.start() };
    },
    dispose: () => server.dispose(),
  };
});

it('reconnects within 500 ms of the return of the server', async () => {
  const server = await startNatsServer();
  const transport = await connectTo(server.url, 'one');
  await server.stop('SIGKILL');
  await waitUntil('it is cut off', () => !transport.connected);
  await server.start();
  const since = systemClock.now();
  await waitUntil('it is back', () => transport.connected);
  expect(systemClock.now() - since).toBeLessThan(500);
  await transport.close();
  await server.dispose();
});

it('fails with the names of the unreachable servers within the given time', async () => {
  const since = systemClock.now();
  const failure = await connectTo('127.0.0.1:9', 'one', 500).catch((error: unknown) => error);
  expect(failure).toBeInstanceOf(ConnectError);
  expect((failure as ConnectError).message).toContain('127.0.0.1:9');
  expect(systemClock.now() - since).toBeLessThan(1_500);
});

it('answers at private inboxes only, so that no node publishes where a request points', async () => {
  const server = await startNatsServer();
  const [answering, asking] = await Promise.all([
    connectTo(server.url, 'host'),
    connectTo(server.url, 'thief'),
  ]);
  const offered: boolean[] = [];
  const misled: string[] = [];
  answering.subscribe('question', ({ respond }) => {
    offered.push(respond !== undefined);
    respond?.(new Uint8Array(1));
  });
  answering.subscribe('d1.>', ({ subject }) => void misled.push(subject));
  await answering.flush({ timeoutMs: 1_000 });
  for (const reply of ['d1.home.ctl.control.lead', 'd1.home.n.other.ord.host', '$JS.API.STREAM.PURGE.S'])
    asking.publishWithHeaders('question', new Uint8Array(0), { reply });
  expect(await asking.request('question', new Uint8Array(0), { timeoutMs: 2_000 })).toHaveLength(1);
  await answering.flush({ timeoutMs: 1_000 });
  expect(offered).toEqual([false, false, false, true]);
  expect(misled).toEqual([]);
  await Promise.all([answering.close(), asking.close()]);
  await server.dispose();
});
