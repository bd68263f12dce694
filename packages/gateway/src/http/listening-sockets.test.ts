import { spawnSync } from 'node:child_process';
import { createServer } from 'node:http';
import { connect, createServer as createSocketServer } from 'node:net';
import { expect, it, onTestFinished } from 'vitest';
import { openListeningSockets, socketCount } from './listening-sockets.ts';

const options = { noDelay: true, keepAlive: true, keepAliveInitialDelay: 30_000 };

async function open(port = 0, host = '127.0.0.1') {
  const server = createServer((request, response) => response.end(request.url));
  const sockets = await openListeningSockets(server, host, port, options);
  onTestFinished(async () => {
    sockets.close();
    server.closeAllConnections();
    await sockets.closed;
  });
  return { server, sockets, port: sockets.address.port };
}

const linux = process.platform === 'linux';

it.runIf(linux)('accepts many connections in one turn of the event loop', async () => {
  const { server, sockets, port } = await open();
  expect(sockets.count).toBe(socketCount);
  const count = 200;
  // While this process waits for the other process, it accepts nothing: the connections are only open in the kernel.
  const program = `let left = ${count};
    for (let i = 0; i < ${count}; i++) require('node:net').connect(${port}, '127.0.0.1', () => { if (--left === 0) process.exit(); });`;
  expect(spawnSync(process.execPath, ['-e', program], { timeout: 20_000 }).status).toBe(0);
  let accepted = 0;
  let turns = 0;
  const all = new Promise<void>((resolve) => {
    server.on('connection', () => {
      if (++accepted === count) resolve();
    });
  });
  let counting = true;
  const turn = (): void => {
    turns += 1;
    if (counting) setImmediate(turn);
  };
  turn();
  await all;
  counting = false;
  // With a single socket it would be one turn for each connection. The kernel spreads connections over the sockets at
  // random, so some socket gets more than its share.
  expect(turns).toBeLessThan(count / 4);
});

it('serves HTTP on every socket', async () => {
  const { port } = await open();
  const answers = await Promise.all(
    Array.from({ length: 64 }, async (_, index) => {
      const response = await fetch(`http://127.0.0.1:${port}/${index}`, { headers: { connection: 'close' } });
      return await response.text();
    }),
  );
  expect(answers).toEqual(Array.from({ length: 64 }, (_, index) => `/${index}`));
});

it('refuses an address on which another gateway or another program listens', async () => {
  const { port } = await open();
  await expect(openListeningSockets(createServer(), '127.0.0.1', port, options)).rejects.toMatchObject({
    code: 'EADDRINUSE',
  });
  const other = createSocketServer();
  await new Promise<void>((resolve) => other.listen(0, '127.0.0.1', resolve));
  const taken = (other.address() as { port: number }).port;
  await expect(openListeningSockets(createServer(), '127.0.0.1', taken, options)).rejects.toMatchObject({
    code: 'EADDRINUSE',
  });
  other.close();
});

it('gives an address to one of two gateways that start at the same time', async () => {
  const free = await open();
  const { port } = free;
  free.sockets.close();
  await free.sockets.closed;
  const outcomes = await Promise.allSettled([open(port), open(port), open(port)]);
  expect(outcomes.map(({ status }) => status).toSorted()).toEqual(['fulfilled', 'rejected', 'rejected']);
});

it('releases the address when it is closed, and accepts no more connections', async () => {
  const { sockets, port } = await open();
  sockets.close();
  await sockets.closed;
  await expect(
    new Promise((resolve, reject) => connect(port, '127.0.0.1', () => resolve('open')).once('error', reject)),
  ).rejects.toMatchObject({ code: 'ECONNREFUSED' });
  expect((await open(port)).port).toBe(port);
});
