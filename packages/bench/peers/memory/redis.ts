import { installedVersion } from '../../src/installed-version.ts';
import type { MemoryArm } from '../../src/memory/memory-arm.ts';
import { redisVersion, startRedis } from '../redis/redis-server.ts';

/** Redis through ioredis, each command by itself: no pipeline that the caller makes. */
const redis: MemoryArm = {
  name: 'redis',
  path: 'ioredis and redis-server with its append-only file, synced every second or always; the writer publishes each change on a channel',
  durabilities: ['process', 'power'],
  version: () => `redis-server ${redisVersion()}, ioredis ${installedVersion('ioredis', import.meta.url)}`,
  async connect(_servers, durability) {
    const { Redis } = await import('ioredis');
    const server = await startRedis(durability);
    const one = new Redis({ port: server.port });
    const two = new Redis({ port: server.port });
    await Promise.all([one.ping(), two.ping()]);
    return {
      put: (key, value) => Promise.all([one.set(key, Buffer.from(value)), one.publish('changes', key)]),
      putAll: (entries) =>
        one.mset(...entries.flatMap(([key, value]): (string | Buffer)[] => [key, Buffer.from(value)])),
      fresh: async (key) => (await one.getBuffer(key)) ?? undefined,
      onChange: async (listener) => {
        await two.subscribe('changes');
        two.on('message', (_channel: string, key: string) => listener(key));
      },
      close: async () => {
        await Promise.all([one.quit(), two.quit()]);
        server.close();
      },
    };
  },
};

export default redis;
