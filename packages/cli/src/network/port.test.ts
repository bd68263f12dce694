import { createServer } from 'node:net';
import { expect, it } from 'vitest';
import { choosePort, type ListenResult, tryListen } from './port.ts';

function taken(...ports: number[]): (host: string, port: number) => Promise<ListenResult> {
  return async (_host, port) => (ports.includes(port) ? { error: 'in-use' } : { port });
}

async function noPort(): Promise<ListenResult> {
  return { error: 'in-use' };
}

it('takes the default port when it is free', async () => {
  expect(await choosePort({ port: 11_500, explicit: false }, 'h', taken())).toEqual({ port: 11_500 });
});

it('takes the next free port when the default port is in use, and says so', async () => {
  expect(await choosePort({ port: 11_500, explicit: false }, 'h', taken(11_500, 11_501))).toEqual({
    port: 11_502,
    movedFrom: 11_500,
  });
});

it('refuses an explicit port that is taken', async () => {
  await expect(choosePort({ port: 11_500, explicit: true }, 'h', taken(11_500))).rejects.toMatchObject({
    code: 'address-in-use',
    exitCode: 4,
    message: expect.stringContaining('11500') as string,
  });
});

it('takes any free port for 0, outside the ranges that systems use for outgoing connections', async () => {
  const tried: number[] = [];
  const choice = await choosePort({ port: 0, explicit: true }, 'h', async (_host, port) => {
    tried.push(port);
    return tried.length < 20 ? { error: 'in-use' } : { port };
  });
  expect(choice).toEqual({ port: tried.at(-1) });
  for (const port of tried) expect(port).toBeGreaterThanOrEqual(20_000);
  for (const port of tried) expect(port).toBeLessThan(32_768);
});

it('gives up when no port is free', async () => {
  await expect(choosePort({ port: 0, explicit: true }, 'h', noPort)).rejects.toMatchObject({
    code: 'address-in-use',
    exitCode: 4,
  });
});

it('sees a port that another program listens on', async () => {
  const server = createServer();
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve);
  });
  const address = server.address() as { port: number };
  expect(await tryListen('127.0.0.1', address.port)).toEqual({ error: 'in-use' });
  await new Promise((resolve) => {
    server.close(resolve);
  });
  expect(await tryListen('127.0.0.1', address.port)).toEqual({ port: address.port });
});

it('refuses a host that is no address of this machine', async () => {
  await expect(choosePort({ port: 0, explicit: true }, '203.0.113.7')).rejects.toMatchObject({ exitCode: 2 });
});
