import { spawn, spawnSync } from 'node:child_process';
import { createServer, type AddressInfo } from 'node:net';
import { installedVersion } from '../../installed-version.ts';
import type { MemoryArm } from '../memory-arm.ts';

/** The part of `ioredis` that this arm uses. */
interface Redis {
  set(key: string, value: Buffer): Promise<unknown>;
  getBuffer(key: string): Promise<Buffer | null>;
  subscribe(channel: string): Promise<unknown>;
  on(event: 'message', listener: (channel: string, message: string) => void): unknown;
  publish(channel: string, message: string): Promise<unknown>;
  ping(): Promise<unknown>;
  quit(): Promise<unknown>;
}

/** Debian's package. */
const program = ['redis', 'server'].join('-');

/** Redis with its append-only file, which is synced every second. */
const redis: MemoryArm = {
  name: 'redis',
  path: 'ioredis and redis-server with appendfsync everysec; a change is published on a channel by its writer',
  version: () => {
    const found = spawnSync(program, ['--version']);
    if (found.error !== undefined) throw new Error(`${program} is not on this machine`);
    return installedVersion('ioredis', import.meta.url);
  },
  async connect() {
    const port = await freePort();
    const options = [
      '--port',
      String(port),
      '--save',
      '',
      '--appendonly',
      'yes',
      '--appendfsync',
      'everysec',
    ];
    const server = spawn(program, options, { stdio: 'ignore', cwd: process.env['TMPDIR'] ?? '/tmp' });
    const library = 'ioredis';
    const { default: Client } = (await import(library)) as {
      default: new (options: { port: number }) => Redis;
    };
    const one = new Client({ port });
    const two = new Client({ port });
    await one.ping();
    return {
      put: (key, value) => Promise.all([one.set(key, Buffer.from(value)), one.publish('changes', key)]),
      fresh: async (key) => (await one.getBuffer(key)) ?? undefined,
      onChange: async (listener) => {
        await two.subscribe('changes');
        two.on('message', (_, key) => listener(key));
      },
      close: async () => {
        await Promise.all([one.quit(), two.quit()]);
        server.kill();
      },
    };
  },
};

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
}

export default redis;
