import { createServer, type Server } from 'node:net';
import { afterEach, expect, it } from 'vitest';
import { checkRunningServer, parseNatsAddress } from './running-server.ts';
import { readServerInfo } from './server-info.ts';

const servers: Server[] = [];
afterEach(() => {
  for (const server of servers.splice(0)) server.close();
});

/** A server that first sends `greeting`. */
async function greetWith(greeting: string): Promise<number> {
  const server = createServer((socket) => {
    socket.on('error', () => {});
    socket.write(greeting);
  });
  servers.push(server);
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve);
  });
  return (server.address() as { port: number }).port;
}

it('reads version and JetStream from the first line', async () => {
  const port = await greetWith(
    'INFO {"version":"2.15.1","jetstream":true,"auth_required":true,"max_payload":65536}\r\n',
  );
  expect(await readServerInfo('127.0.0.1', port, 1_000)).toEqual({
    version: '2.15.1',
    jetStream: true,
    authRequired: true,
    maxPayloadBytes: 65_536,
  });
});

it('refuses a server that does not speak NATS, or sends nothing', async () => {
  const other = await greetWith('220 mail.example ESMTP\r\n');
  await expect(readServerInfo('127.0.0.1', other, 1_000)).rejects.toThrow('does not speak NATS');
  const silent = await greetWith('');
  await expect(readServerInfo('127.0.0.1', silent, 50)).rejects.toThrow('no answer');
});

it('refuses a running server that is too old, naming its version and how to get another', async () => {
  const port = await greetWith('INFO {"version":"2.10.27","jetstream":true}\r\n');
  await expect(checkRunningServer('--nats', `nats://127.0.0.1:${port}`)).rejects.toMatchObject({
    code: 'nats-unsupported',
    exitCode: 3,
    message: expect.stringContaining('2.10.27') as string,
    fix: expect.stringContaining('2.14.4 or newer') as string,
  });
});

it('refuses a running server without JetStream', async () => {
  const port = await greetWith('INFO {"version":"2.15.1"}\r\n');
  await expect(checkRunningServer('--nats', `127.0.0.1:${port}`)).rejects.toThrow('without JetStream');
});

it('refuses a running server whose messages are smaller than Drover needs, and says what to set', async () => {
  const port = await greetWith('INFO {"version":"2.15.1","jetstream":true,"max_payload":32768}\r\n');
  await expect(checkRunningServer('--nats', `127.0.0.1:${port}`)).rejects.toMatchObject({
    exitCode: 3,
    message: expect.stringContaining('32768') as string,
    fix: expect.stringContaining('max_payload') as string,
  });
});

it('reads addresses in each notation', () => {
  expect(parseNatsAddress('--nats', 'bus')).toEqual({ host: 'bus', port: 4_222 });
  expect(parseNatsAddress('--nats', 'nats://me:secret@bus:4333')).toEqual({ host: 'bus', port: 4_333 });
  expect(parseNatsAddress('--nats', 'tls://[::1]:4333')).toEqual({ host: '::1', port: 4_333 });
  expect(() => parseNatsAddress('--nats', 'http://bus')).toThrow('--nats');
});
