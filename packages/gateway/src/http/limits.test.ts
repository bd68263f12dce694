import { connect, type Socket } from 'node:net';
import { expect, it, onTestFinished } from 'vitest';
import { startScriptedGateway } from '../testing/scripted-gateway.ts';
import { until } from '../testing/until.ts';

const chat = { model: 'm', messages: [{ role: 'user', content: 'hi' }] };

interface Client {
  readonly socket: Socket;
  text(): string;
  readonly closed: Promise<void>;
}

async function open(port: number, bytes = ''): Promise<Client> {
  const socket = connect(port, '127.0.0.1');
  onTestFinished(() => void socket.destroy());
  let text = '';
  socket.on('data', (part: Buffer) => {
    text += part.toString();
  });
  socket.on('error', () => undefined);
  const closed = new Promise<void>((resolve) => socket.once('close', () => resolve()));
  await new Promise<void>((resolve, reject) => socket.once('connect', resolve).once('error', reject));
  if (bytes !== '') socket.write(bytes);
  return { socket, text: () => text, closed };
}

const head = (length: number): string =>
  `POST /api/chat HTTP/1.1\r\nHost: localhost\r\nContent-Length: ${length}\r\n\r\n`;

it('serves other requests while more requests than the limit have sent one byte of their body', async () => {
  await using setup = await startScriptedGateway({ maxConcurrentRequests: 5, maxConnections: 100 });
  for (let index = 0; index < 50; index += 1) await open(setup.gateway.port, `${head(100)}{`);
  const answer = setup.post('/api/chat', chat);
  (await setup.fleet.next()).fail('no-host');
  expect(await (await answer).text()).not.toContain('requests already');
});

it('refuses a request whose body arrives when the limit is reached, and one that only sent its head', async () => {
  await using setup = await startScriptedGateway({ maxConcurrentRequests: 1 });
  const body = JSON.stringify(chat);
  const early = await open(setup.gateway.port, head(body.length));
  await open(setup.gateway.port);
  const first = setup.post('/api/chat', chat);
  const call = await setup.fleet.next();
  early.socket.write(body);
  await until(() => early.text().includes('HTTP/1.1 503'), 'a 503 after the body');
  const late = await open(setup.gateway.port, head(1_000));
  await until(() => late.text().includes('HTTP/1.1 503'), 'a 503 before the body');
  call.fail('no-host');
  await first;
});

it('closes the connection that is idle longest for a new one', async () => {
  await using setup = await startScriptedGateway({ maxConcurrentRequests: 2, maxConnections: 10 });
  const clients: Client[] = [];
  for (let index = 0; index < 10; index += 1) clients.push(await open(setup.gateway.port));
  // The first connection got an answer, so the second one is now idle longest.
  clients[0]?.socket.write('GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n');
  await until(() => clients[0]?.text().includes('200 OK') === true, 'an answer');
  const newcomer = await open(setup.gateway.port, 'GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n');
  await until(() => newcomer.text().includes('200 OK'), 'an answer for the newcomer');
  await clients[1]?.closed;
  expect(clients.map(({ socket }) => socket.closed)).toEqual(clients.map((_, index) => index === 1));
});

it('never closes a connection whose request is being served', async () => {
  await using setup = await startScriptedGateway({ maxConcurrentRequests: 2, maxConnections: 2 });
  const body = JSON.stringify(chat);
  const streaming = await open(setup.gateway.port, head(body.length) + body);
  const call = await setup.fleet.next();
  for (let index = 0; index < 20; index += 1) {
    const newcomer = await open(setup.gateway.port, 'GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n');
    await until(() => newcomer.text().includes('200 OK'), 'an answer for the newcomer');
  }
  expect(streaming.socket.closed).toBe(false);
  call.fail('no-host');
  await until(() => streaming.text().includes('HTTP/1.1 5'), 'its answer');
});

it('answers 408 to the request with the slowest body when a new connection needs its place', async () => {
  await using setup = await startScriptedGateway({ maxConcurrentRequests: 2, maxConnections: 3 });
  const slow: Client[] = [];
  for (let index = 0; index < 3; index += 1) {
    const client = await open(
      setup.gateway.port,
      head(100).replace('\r\n\r\n', '\r\nExpect: 100-continue\r\n\r\n'),
    );
    // Its body is being read.
    await until(() => client.text().includes('100 Continue'), 'the invitation to send the body');
    slow.push(client);
  }
  slow[0]?.socket.write('{');
  await until(async () => {
    const newcomer = await open(setup.gateway.port, 'GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n');
    await until(() => newcomer.text() !== '' || newcomer.socket.closed, 'an end');
    return newcomer.text().includes('200 OK');
  }, 'an answer for a newcomer');
  await until(
    () => slow[1]?.text().includes('HTTP/1.1 408 Request Timeout') === true,
    'a 408 for the slowest',
  );
  expect(slow[1]?.text()).toContain('{"error":');
  expect(slow.map((client) => client.text().includes('408'))).toEqual([false, true, false]);
});

it('ends the slowest body when arriving bodies hold half of the limit', async () => {
  await using setup = await startScriptedGateway({ maxBodyBytes: 1_000_000, maxHeldBytes: 2_000_000 });
  const piece = `{"model":"m","prompt":"${'x'.repeat(600_000)}`;
  const first = await open(setup.gateway.port, head(900_000) + piece);
  await until(
    () => first.socket.bytesWritten >= piece.length && first.socket.writableLength === 0,
    'the first half',
  );
  // The gateway shares the event loop of this test: it has read the first half when it has answered these.
  for (let index = 0; index < 5; index += 1) {
    const other = await open(setup.gateway.port, 'GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n');
    await until(() => other.text().includes('200 OK'), 'an answer on another connection');
  }
  const second = await open(setup.gateway.port, head(900_000) + piece);
  await until(() => first.text().includes('HTTP/1.1 408'), 'a 408');
  expect(second.text()).toBe('');
  const answer = setup.post('/api/chat', chat);
  (await setup.fleet.next()).fail('no-host');
  expect(await (await answer).text()).not.toContain('maxHeldBytes');
});
